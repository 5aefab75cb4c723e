/** The protocol's own contracts, each with what its constructor asks for. */
import type {
  Future,
  IgnitionModuleBuilder,
  NamedArtifactContractAtFuture,
  NamedArtifactContractDeploymentFuture as Deployed,
} from "@nomicfoundation/ignition-core";
import type { PlacedMarket } from "./market.js";

/** By the names that the tools use. A type, not an interface: Ignition wants its index signature. */
export type Contracts = {
  readonly accessManager: Deployed<"AccessManager">;
  readonly vault: NamedArtifactContractAtFuture<"CollateralVault">;
  /** The risk engine and the oracle too. */
  readonly rebalancer: Deployed<"Rebalancer">;
  /** Moves the risk engine's shocks. */
  readonly shockLevels: Deployed<"ShockLevels">;
  readonly executor: Deployed<"Executor">;
  readonly access: Deployed<"MarginAccountAccess">;
  readonly extension: Deployed<"MarginAccountExtension">;
  readonly trading: Deployed<"MarginAccountTrading">;
  readonly marginAccount: Deployed<"MarginAccount">;
  readonly exchange: Deployed<"Exchange">;
  readonly liquidator: Deployed<"Liquidator">;
  readonly lens: Deployed<"MarginLens">;
};

export interface Core {
  readonly contracts: Contracts;
  /** The margin account with the functions of its further parts, which are called at the same address. */
  readonly wholeMarginAccount: NamedArtifactContractAtFuture<"IMarginAccount">;
  /** The listing of each collateral, in the order of their numbers. */
  readonly listed: readonly Future[];
  /** Every call made here, for what must come after all of them. */
  readonly calls: readonly Future[];
}

export function deployCore(m: IgnitionModuleBuilder, { quote, collaterals, wrappedNative }: PlacedMarket): Core {
  // The deployer governs until the hand-over, so that all of it fits in one run; see roles.ts.
  const accessManager = m.contract("AccessManager", [m.getAccount(0)]);

  const rebalancer = m.contract("Rebalancer", [accessManager]);
  const shockLevels = m.contract("ShockLevels", [accessManager, rebalancer]);
  const executor = m.contract("Executor");
  const access = m.contract("MarginAccountAccess", [accessManager, executor, wrappedNative]);
  const extension = m.contract("MarginAccountExtension", [accessManager, access]);
  const trading = m.contract("MarginAccountTrading", [accessManager, quote.tokenPlace, rebalancer]);

  // The ledger creates its vault, which lists the quote token as asset 0.
  const ledger = [accessManager, quote.tokenPlace, rebalancer, extension, trading];
  const marginAccount = m.contract("MarginAccount", ledger);
  const wholeMarginAccount = m.contractAt("IMarginAccount", marginAccount);
  const vault = m.contractAt("CollateralVault", m.staticCall(marginAccount, "vault"));

  // A token's number is its place in the order of the calls, so each waits for the one before.
  const listed = collaterals.reduce<Future[]>((calls, { symbol, tokenPlace }) => {
    const after = calls.slice(-1);
    return [...calls, m.call(vault, "list", [tokenPlace], { id: `list_${symbol}`, after })];
  }, []);

  const liquidator = m.contract("Liquidator", [accessManager, marginAccount]);
  const exchange = m.contract("Exchange", [accessManager, marginAccount]);
  const lens = m.contract("MarginLens", [marginAccount, liquidator]);

  return {
    contracts: {
      accessManager,
      vault,
      rebalancer,
      shockLevels,
      executor,
      access,
      extension,
      trading,
      marginAccount,
      exchange,
      liquidator,
      lens,
    },
    wholeMarginAccount,
    listed,
    calls: [
      ...listed,
      m.call(wholeMarginAccount, "setLiquidator", [liquidator], { id: "setLiquidator" }),
      m.call(wholeMarginAccount, "setExchange", [exchange], { id: "setExchange" }),
      m.call(rebalancer, "setShockLevels", [shockLevels], { id: "setShockLevels" }),
    ],
  };
}
