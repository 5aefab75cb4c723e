/**
 * The whole deployment as one Ignition module: `npm run deploy`, the tests and the simulation all run this one.
 *
 * A module is made from a parameter file, because the file says how many assets there are; Ignition's own parameters could
 * fill values in but not add a listing. Its other tasks (status, transactions, verify, wipe) work on the result as usual.
 */
import type { IgnitionModule } from "@nomicfoundation/ignition-core";
import type { DeploymentParameters } from "../scripts/core/deployment/parameters.js";
import type { Contracts } from "./core.js";

import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

import { deployCore } from "./core.js";
import { placeMarket } from "./market.js";
import { handOver } from "./roles.js";
import { applySettings } from "./settings.js";

export function ballastModule(parameters: DeploymentParameters): IgnitionModule<"Ballast", string, Contracts> {
  return buildModule("Ballast", (m) => {
    const market = placeMarket(m, parameters);
    const core = deployCore(m, market);
    const settings = applySettings(m, core, market, parameters);
    handOver(m, core, parameters, [...core.calls, ...settings]);
    return core.contracts;
  });
}
