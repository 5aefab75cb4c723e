/** The protocol's own contracts, each with what its constructor asks for. */
import type {
  Future,
  IgnitionModuleBuilder,
  NamedArtifactContractAtFuture,
  NamedArtifactContractDeploymentFuture as Deployed,
} from "@nomicfoundation/ignition-core";
import type { Listed } from "./market.js";

/** By the names that the tools use. A type, not an interface: Ignition wants its index signature. */
export type Contracts = {
  readonly accessManager: Deployed<"AccessManager">;
  readonly vault: Deployed<"CollateralVault">;
  readonly oracle: Deployed<"PriceOracleAdapter">;
  readonly riskEngine: Deployed<"RiskEngine">;
  readonly rebalancer: Deployed<"Rebalancer">;
  readonly marginAccount: Deployed<"MarginAccount">;
  readonly liquidator: Deployed<"Liquidator">;
  readonly lens: Deployed<"MarginLens">;
};

export interface Core {
  readonly contracts: Contracts;
  /** The margin account with the functions of its extension, which are called at the same address. */
  readonly wholeMarginAccount: NamedArtifactContractAtFuture<"IMarginAccount">;
  /** The listing of each asset, in the order of their numbers. */
  readonly listed: readonly Future[];
  /** Every call made here, for what must come after all of them. */
  readonly calls: readonly Future[];
}

export function deployCore(m: IgnitionModuleBuilder, market: readonly Listed[]): Core {
  // The deployer governs until the hand-over, so that all of it fits in one run; see roles.ts.
  const accessManager = m.contract("AccessManager", [m.getAccount(0)]);

  const vault = m.contract("CollateralVault", [accessManager]);
  const oracle = m.contract("PriceOracleAdapter", [accessManager]);
  const riskEngine = m.contract("RiskEngine", [accessManager, oracle]);
  const rebalancer = m.contract("Rebalancer", [accessManager, vault, riskEngine, oracle]);

  // A token's number is its place in the order of the calls, so each waits for the one before.
  const listed = market.reduce<Future[]>((calls, { symbol, tokenPlace }) => {
    const after = calls.slice(-1);
    return [...calls, m.call(vault, "list", [tokenPlace], { id: `list_${symbol}`, after })];
  }, []);

  // Reads the quote token from the vault, where it must be listed by then.
  const marginAccount = m.contract("MarginAccount", [accessManager, vault, riskEngine, rebalancer], {
    after: listed.slice(0, 1),
  });
  const wholeMarginAccount = m.contractAt("IMarginAccount", marginAccount);
  const liquidator = m.contract("Liquidator", [accessManager, marginAccount, riskEngine]);
  const lens = m.contract("MarginLens", [marginAccount, liquidator]);

  const wired = [
    m.call(vault, "wire", [marginAccount], { id: "wire" }),
    m.call(wholeMarginAccount, "setLiquidator", [liquidator], { id: "setLiquidator" }),
  ];
  return {
    contracts: { accessManager, vault, oracle, riskEngine, rebalancer, marginAccount, liquidator, lens },
    wholeMarginAccount,
    listed,
    calls: [...listed, ...wired],
  };
}
