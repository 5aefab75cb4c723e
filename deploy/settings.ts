/** Every governed parameter, from the parameter file to the contract that keeps it. */
import type { Future, IgnitionModuleBuilder } from "@nomicfoundation/ignition-core";
import type { DeploymentParameters } from "../scripts/core/deployment/parameters.js";
import type { Core } from "./core.js";
import type { PlacedMarket } from "./market.js";

import { underlyingOf } from "../scripts/core/deployment/parameters.js";

export function applySettings(
  m: IgnitionModuleBuilder,
  { contracts, wholeMarginAccount, listed }: Core,
  { quote, collaterals: listings }: PlacedMarket,
  parameters: DeploymentParameters,
): readonly Future[] {
  const { collaterals, sequencer, interest, keeper, liquidation, perpetuals, trading } = parameters;
  const { vault, rebalancer, liquidator, exchange } = contracts;

  const ofAssets = [quote, ...listings].flatMap(({ asset, symbol, tokenPlace, feedPlace, decimals, ...of }) => [
    m.call(vault, "setLimits", [tokenPlace, of.capWholeTokens, of.minimumE4], {
      id: `setLimits_${symbol}`,
      // The quote, asset 0, is listed from the start.
      after: asset === 0n ? [] : listed.slice(Number(asset) - 1, Number(asset)),
    }),
    m.call(vault, "setOutflowLimit", [tokenPlace, of.outflowBps], {
      id: `setOutflowLimit_${symbol}`,
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

  const ofPerpetuals = perpetuals.flatMap(
    ({ underlying, basisMaintenanceBps, basisInitialBps, profitCap, ...terms }) => {
      const asset = underlyingOf(parameters, underlying);
      const { interestE7, clampE7, divisor, deviationBps, capE3 } = terms;
      const risk = { basisMaintenanceBps, basisInitialBps, profitCap };
      return [
        m.call(wholeMarginAccount, "setPerpetual", [asset, interestE7, clampE7, divisor, deviationBps, capE3], {
          id: `setPerpetual_${underlying}`,
        }),
        m.call(rebalancer, "setPerpetualRisk", [asset, risk], { id: `setPerpetualRisk_${underlying}` }),
      ];
    },
  );

  // A second source is a contract of its own; whoever wants another pool or window deploys another.
  const ofSeconds = listings.flatMap(({ asset, symbol, tokenPlace }, index) => {
    const second = collaterals[index]?.second;
    if (second === undefined) return [];
    const { pool, windowSeconds, deviationBps, minimumPriceE6, maximumPriceE6 } = second;
    const pair = [pool, tokenPlace, quote.tokenPlace, windowSeconds];
    const source = m.contract("UniswapV3TwapSource", pair, { id: `second_${symbol}` });
    return [
      m.call(rebalancer, "setSecondary", [asset, source, deviationBps, minimumPriceE6, maximumPriceE6], {
        id: `setSecondary_${symbol}`,
      }),
    ];
  });
  const ofChain =
    sequencer === undefined
      ? []
      : [m.call(rebalancer, "setSequencer", [sequencer.feed, sequencer.graceSeconds], { id: "setSequencer" })];

  const { baseBps, slopeBps, jumpBps, kinkBps, feeBps, minimumDebt } = interest;
  return [
    ...ofAssets,
    ...ofCollaterals,
    ...ofPerpetuals,
    ...ofSeconds,
    ...ofChain,
    m.call(rebalancer, "setKeeperParameters", [{ ...keeper }], { id: "setKeeperParameters" }),
    m.call(exchange, "setFeeParameters", [{ ...trading }], { id: "setFeeParameters" }),
    m.call(liquidator, "setLiquidationParameters", [{ ...liquidation }], { id: "setLiquidationParameters" }),
    m.call(wholeMarginAccount, "setInterest", [baseBps, slopeBps, jumpBps, kinkBps, feeBps, minimumDebt], {
      id: "setInterest",
    }),
  ];
}
