/** Every account's margin as the model has it, beside what the chain says: to the unit, positions and all. */
import type { Asset } from "../mainnet.js";
import type { RiskTerms } from "../model/margin.js";
import type { Exposure, PerpetualTerms } from "../model/position.js";
import type { Check } from "./promises.js";
import type { AccountView, Observation } from "./types.js";

import { ASSETS, MAINNET } from "../mainnet.js";
import { assessExposures, exposureOf } from "../model/position.js";
import { check } from "./promises.js";
import { quoteE18 } from "./types.js";

/** How each asset is margined. */
export type MarginTerms = Readonly<Record<Asset, { readonly risk: RiskTerms; readonly perpetual: PerpetualTerms }>>;

/** Accounts that hold what has no usable price are left out: their margin is a rule of its own. */
export function checksOfMargins(observation: Observation, terms: MarginTerms): readonly Check[] {
  return observation.accounts
    .filter(
      (account) => !account.halted && !ASSETS.some((asset) => observation.halted[asset] && touches(account, asset)),
    )
    .map((account) => {
      const { id, cash, equityE18, maintenanceE18, initialE18 } = account;
      const modelled = assessExposures(exposuresOf(account, observation, terms), quoteE18(cash));
      const same =
        modelled.equityE18 === equityE18 &&
        modelled.maintenanceE18 === maintenanceE18 &&
        modelled.initialE18 === initialE18;
      const [theirs, ours] = [
        `${equityE18}, ${maintenanceE18}, ${initialE18}`,
        `${modelled.equityE18}, ${modelled.maintenanceE18}, ${modelled.initialE18}`,
      ];
      return check(9, same, id, `equity, maintenance and initial margin are ${theirs}, by the model ${ours}`);
    });
}

function touches({ holdings, positions }: AccountView, asset: Asset): boolean {
  return holdings[asset] !== 0n || positions[asset].sizeE18 !== 0n || positions[asset].quoteE18 !== 0n;
}

function exposuresOf(account: AccountView, { bids, asks }: Observation, terms: MarginTerms): readonly Exposure[] {
  return ASSETS.filter((asset) => touches(account, asset)).map((asset, i) => {
    const collateral = { amount: account.holdings[asset], unit: 10n ** BigInt(MAINNET.assets[asset].decimals) };
    const prices = { bidE18: bids[asset], askE18: asks[asset] };
    return exposureOf(i, collateral, prices, account.positions[asset], terms[asset]);
  });
}
