/** Every governed parameter, from the parameter file to the contract that keeps it. */
import type { Future, IgnitionModuleBuilder } from "@nomicfoundation/ignition-core";
import type { DeploymentParameters } from "../scripts/core/deployment/parameters.js";
import type { Core } from "./core.js";
import type { Market } from "./market.js";

export function applySettings(
  m: IgnitionModuleBuilder,
  { contracts, wholeMarginAccount, listed }: Core,
  { quote, collaterals: listings }: Market,
  { collaterals, interest, keeper, liquidation }: DeploymentParameters,
): readonly Future[] {
  const { vault, rebalancer, liquidator } = contracts;

  const ofAssets = [quote, ...listings].flatMap(({ asset, symbol, tokenPlace, feedPlace, decimals, ...of }) => [
    m.call(vault, "setLimits", [tokenPlace, of.capWholeTokens, of.minimumE4], {
      id: `setLimits_${symbol}`,
      // The quote, asset 0, is listed from the start.
      after: asset === 0n ? [] : listed.slice(Number(asset) - 1, Number(asset)),
    }),
    m.call(rebalancer, "setFeed", [asset, feedPlace, decimals, of.heartbeatSeconds, of.slackSeconds], {
      id: `setFeed_${symbol}`,
    }),
  ]);

  // Cash carries no risk of its own: the quote, asset 0, has no risk parameters.
  const ofCollaterals = collaterals.map(({ symbol, risk }, index) =>
    m.call(rebalancer, "setRiskParameters", [BigInt(index + 1), { ...risk }], { id: `setRiskParameters_${symbol}` }),
  );

  const { baseBps, slopeBps, jumpBps, kinkBps, feeBps, minimumDebt } = interest;
  return [
    ...ofAssets,
    ...ofCollaterals,
    m.call(rebalancer, "setKeeperParameters", [{ ...keeper }], { id: "setKeeperParameters" }),
    m.call(liquidator, "setLiquidationParameters", [{ ...liquidation }], { id: "setLiquidationParameters" }),
    m.call(wholeMarginAccount, "setInterest", [baseBps, slopeBps, jumpBps, kinkBps, feeBps, minimumDebt], {
      id: "setInterest",
    }),
  ];
}
