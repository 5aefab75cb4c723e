/** The protocol's own contracts, each with what its constructor asks for. */
import type { IgnitionModuleBuilder } from "@nomicfoundation/ignition-core";
import type { Listed } from "./market.js";

export type Core = ReturnType<typeof deployCore>;

export function deployCore(m: IgnitionModuleBuilder, market: readonly Listed[]) {
  // The deployer governs until the hand-over, so that all of it fits in one run; see roles.ts.
  const accessManager = m.contract("AccessManager", [m.getAccount(0)]);

  const vault = m.contract("CollateralVault", [accessManager]);
  const oracle = m.contract("PriceOracleAdapter", [accessManager]);
  const riskEngine = m.contract("RiskEngine", [accessManager, oracle]);
  const rebalancer = m.contract("Rebalancer", [accessManager, vault, riskEngine, oracle]);

  // A token's number is its place in the order of the calls, so each waits for the one before.
  const listed = market.reduce<ReturnType<typeof m.call>[]>((calls, { symbol, tokenPlace }) => {
    const after = calls.slice(-1);
    return [...calls, m.call(vault, "list", [tokenPlace], { id: `list_${symbol}`, after })];
  }, []);

  // Reads the quote token's decimals from the vault.
  const marginAccount = m.contract("MarginAccount", [accessManager, vault, riskEngine, rebalancer], {
    after: listed.slice(0, 1),
  });
  const liquidator = m.contract("Liquidator", [accessManager, marginAccount, riskEngine]);
  const lens = m.contract("MarginLens", [marginAccount, liquidator]);

  const wired = [
    m.call(vault, "wire", [marginAccount], { id: "wire" }),
    m.call(marginAccount, "setLiquidator", [liquidator], { id: "setLiquidator" }),
  ];
  return {
    contracts: { accessManager, vault, oracle, riskEngine, rebalancer, marginAccount, liquidator, lens },
    listed,
    calls: [...listed, ...wired],
  };
}
