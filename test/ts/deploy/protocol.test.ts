import type { NetworkConnection } from "hardhat/types/network";
import type { DeploymentParameters } from "../../../scripts/core/deployment/parameters.js";
import type { Protocol } from "../../../scripts/io/protocol.js";

import { expect } from "chai";
import { id } from "ethers";
import { network } from "hardhat";
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";

import { selectorsOf } from "../../../deploy/roles.js";
import { PERMISSIONS, ROLE, grantsOf } from "../../../scripts/core/deployment/roles.js";
import { listingsOf } from "../../../scripts/core/deployment/parameters.js";
import { readBack } from "../../../scripts/io/deployment/readBack.js";
import { attachProtocol, deployProtocol, parametersFor } from "../../../scripts/io/protocol.js";
import { MarginAccount__factory } from "../../../typechain-types/index.js";
import { takeBackEach } from "../takeBack.js";

const TWO_DAYS = 172_800;
const UNAUTHORIZED = id("AccessManagedUnauthorized(address)").slice(0, 10);
/** The one call that the guardian has, and the governor has not. */
const PAUSE = "marginAccount.pause";
const NOT_SCHEDULED = id("AccessManagerNotScheduled(bytes32)").slice(0, 10);
/** Decodes as zeros, whatever a function takes: permission is asked before anything else. */
const ZEROS = "00".repeat(32 * 16);

describe("deployProtocol", function () {
  let connection: NetworkConnection;
  let parameters: DeploymentParameters;
  let protocol: Protocol;

  before(async function () {
    connection = await network.create();
    parameters = await parametersFor("localhost");
    protocol = await deployProtocol(connection, parameters);
  });

  after(async function () {
    await connection.close();
  });

  /** What a call reverts with, its selector alone; "nothing" when it does not. */
  async function revertOf(from: string, to: string, data: string): Promise<string> {
    try {
      await connection.provider.request({ method: "eth_call", params: [{ from, to, data }, "latest"] });
      return "nothing";
    } catch (error) {
      const found: unknown = error instanceof Error && "data" in error ? error.data : undefined;
      return typeof found === "string" ? found.slice(0, 10) : String(error);
    }
  }

  function restrictedCalls() {
    return PERMISSIONS.flatMap(({ contract, functions }) =>
      selectorsOf(contract, functions).map((selector, index) => ({
        name: `${contract}.${functions[index]}`,
        to: protocol.addresses[contract],
        data: `${selector}${ZEROS}`,
      })),
    );
  }

  it("reads every parameter and role back as the file has it", async function () {
    expect(await readBack(protocol, parameters, { fromBlock: 0 })).to.deep.equal([]);
  });

  it("sees each single difference when reading back", async function () {
    const { quote, collaterals, interest, keeper, liquidation, roles } = parameters;
    const [first, ...others] = collaterals;
    if (first === undefined) throw new TypeError("no collateral");
    const risk = { ...first.risk, sizeCoefficientBps: 1n };
    const second = {
      pool: "0x000000000000000000000000000000000000dEaD",
      windowSeconds: 600n,
      deviationBps: 300n,
      minimumPriceE6: 0n,
      maximumPriceE6: 0n,
    } as const;
    const variants: Partial<DeploymentParameters>[] = [
      { quote: { ...quote, capWholeTokens: 7n } },
      { quote: { ...quote, minimumE4: 7n } },
      { quote: { ...quote, outflowBps: 7n } },
      { quote: { ...quote, slackSeconds: 7n } },
      { collaterals: [{ ...first, risk }, ...others] },
      { collaterals: [{ ...first, feed: "0x000000000000000000000000000000000000dEaD" }, ...others] },
      { collaterals: [{ ...first, second }, ...others] },
      { collaterals: others },
      { sequencer: { feed: "0x000000000000000000000000000000000000dEaD", graceSeconds: 3_600n } },
      { interest: { ...interest, kinkBps: 7n } },
      { keeper: { ...keeper, flatE6: 7n } },
      { liquidation: { ...liquidation, dustValue: 7n } },
      { roles: { ...roles, governorDelaySeconds: 7n } },
      { roles: { ...roles, guardian: "0x000000000000000000000000000000000000dEaD" } },
    ];
    for (const variant of variants) {
      const found = await readBack(protocol, { ...parameters, ...variant }, { fromBlock: 0 });
      expect(found, Object.keys(variant).join()).to.not.be.empty;
    }
  });

  it("lists the assets in the file's order, each with a live price", async function () {
    expect(protocol.assets.map(({ symbol }) => symbol)).to.deep.equal(["USDC", "WETH", "WBTC"]);
    for (const { asset } of protocol.assets.slice(1)) {
      const [price, fault] = await protocol.oracle.price(asset);
      expect(fault).to.equal(0n);
      const { feed } = listingsOf(parameters)[asset] ?? { feed: "none" };
      if (typeof feed === "string") throw new TypeError("localhost has feeds of its own");
      expect(price.bidE18).to.equal(feed.answerE8 * 10n ** 10n);
    }
  });

  it("is found again by its addresses", async function () {
    const attached = await attachProtocol(connection, protocol.addresses);
    expect(attached.assets).to.deep.equal(protocol.assets);
    expect(await readBack(attached, parameters, { fromBlock: 0 })).to.deep.equal([]);
  });

  it("gives a role to every restricted function there is", async function () {
    const sources = (await readdir("contracts", { recursive: true })).filter((name) => name.endsWith(".sol"));
    const restricted = await Promise.all(
      sources.map(async (name) => {
        const source = await readFile(path.join("contracts", name), "utf8");
        return [...source.matchAll(/function (\w+)\([^)]*\)[^{;]*\brestricted\b/g)].map(([, found]) => found);
      }),
    );
    const permitted = PERMISSIONS.flatMap(({ functions }) => functions);
    expect(restricted.flat()).to.have.members(permitted);
    expect(permitted).to.have.length(20);
  });

  it("lets no stranger and not the deployer call a restricted function", async function () {
    const [deployer] = await connection.ethers.getSigners();
    const stranger = "0x000000000000000000000000000000000000dEaD";
    for (const { name, to, data } of restrictedCalls()) {
      expect(await revertOf(stranger, to, data), name).to.equal(UNAUTHORIZED);
      expect(await revertOf(deployer?.address ?? "", to, data), name).to.equal(UNAUTHORIZED);
      if (name === PAUSE) continue;
      expect(await revertOf(parameters.roles.guardian, to, data), name).to.equal(UNAUTHORIZED);
    }
  });

  it("lets the governor call none without scheduling it first", async function () {
    for (const { name, to, data } of restrictedCalls()) {
      const expected = name === PAUSE ? UNAUTHORIZED : NOT_SCHEDULED;
      expect(await revertOf(parameters.roles.governor, to, data), name).to.equal(expected);
    }
  });

  it("leaves the deployer without any role", async function () {
    const [deployer] = await connection.ethers.getSigners();
    for (const role of Object.values(ROLE)) {
      const { isMember } = await protocol.accessManager.hasRole(role, deployer?.address ?? "");
      expect(isMember).to.equal(false);
    }
  });

  describe("governing afterwards", function () {
    takeBackEach(() => connection.provider);

    const curve = (): string =>
      protocol.marginAccount.interface.encodeFunctionData("setInterest", [100, 200, 300, 5_000, 1_000, 50]);
    const managerOf = async (account: string) =>
      protocol.accessManager.connect(await connection.ethers.getSigner(account));

    it("changes a parameter two days after the governor scheduled it, and not before", async function () {
      const manager = await managerOf(parameters.roles.governor);
      const target = protocol.addresses.marginAccount;
      await manager.schedule(target, curve(), 0);
      await connection.networkHelpers.time.increase(TWO_DAYS - 60);
      await expect(manager.execute(target, curve())).to.be.revertedWithCustomError(manager, "AccessManagerNotReady");
      await connection.networkHelpers.time.increase(60);
      await expect(manager.execute(target, curve())).to.emit(protocol.marginAccount, "InterestSet");
      await expect(manager.execute(target, curve())).to.be.revertedWithCustomError(
        manager,
        "AccessManagerNotScheduled",
      );
    });

    it("lets the guardian cancel what the governor scheduled", async function () {
      const { governor, guardian } = parameters.roles;
      const target = protocol.addresses.marginAccount;
      await (await managerOf(governor)).schedule(target, curve(), 0);
      const manager = await managerOf(guardian);
      await expect(manager.cancel(governor, target, curve())).to.emit(manager, "OperationCanceled");
    });

    it("lets the steward change what keepers are paid after his delay, and nothing else", async function () {
      const manager = await managerOf(parameters.roles.steward);
      const target = protocol.addresses.rebalancer;
      const pay = protocol.rebalancer.interface.encodeFunctionData("setKeeperParameters", [
        { ...parameters.keeper, flatE6: 0n },
      ]);
      await manager.schedule(target, pay, 0);
      await connection.networkHelpers.time.increase(parameters.roles.stewardDelaySeconds);
      await expect(manager.execute(target, pay)).to.emit(protocol.rebalancer, "KeeperParametersSet");
      await expect(manager.schedule(protocol.addresses.marginAccount, curve(), 0)).to.be.revertedWithCustomError(
        manager,
        "AccessManagerUnauthorizedCall",
      );
    });

    it("lets the guardian pause at once, and end no pause", async function () {
      const guardian = await connection.ethers.getSigner(parameters.roles.guardian);
      const paused = protocol.marginAccount.connect(guardian);
      await expect(paused.pause(3, 3_600)).to.emit(protocol.marginAccount, "Paused");
      // Its errors are those of the contract, which the joint interface does not list.
      const contract = MarginAccount__factory.connect(protocol.addresses.marginAccount, guardian);
      await expect(paused.unpause()).to.be.revertedWithCustomError(contract, "AccessManagedUnauthorized");
    });

    for (const module of ["Liquidator", "Exchange"] as const) {
      const replace = async () => {
        const { marginAccount, addresses } = protocol;
        const next = await connection.ethers.deployContract(module, [addresses.accessManager, addresses.marginAccount]);
        const address = await next.getAddress();
        const calls = marginAccount.interface;
        const data =
          module === "Liquidator"
            ? calls.encodeFunctionData("setLiquidator", [address])
            : calls.encodeFunctionData("setExchange", [address]);
        return { address, data };
      };

      it(`replaces the ${module} after the governor's delay, and not before`, async function () {
        const { address, data } = await replace();
        const target = protocol.addresses.marginAccount;
        const manager = await managerOf(parameters.roles.governor);
        await manager.schedule(target, data, 0);
        await connection.networkHelpers.time.increase(TWO_DAYS - 60);
        await expect(manager.execute(target, data)).to.be.revertedWithCustomError(manager, "AccessManagerNotReady");
        await connection.networkHelpers.time.increase(60);
        await expect(manager.execute(target, data)).to.emit(protocol.marginAccount, `${module}Set`).withArgs(address);
      });

      it(`lets the guardian stop a new ${module}`, async function () {
        const { governor, guardian } = parameters.roles;
        const { data } = await replace();
        const target = protocol.addresses.marginAccount;
        const manager = await managerOf(governor);
        await manager.schedule(target, data, 0);
        await (await managerOf(guardian)).cancel(governor, target, data);
        await connection.networkHelpers.time.increase(TWO_DAYS);
        await expect(manager.execute(target, data)).to.be.revertedWithCustomError(manager, "AccessManagerNotScheduled");
      });
    }

    it("makes the admin wait as well before a role is granted", async function () {
      const { admin } = parameters.roles;
      const manager = await managerOf(admin);
      await expect(manager.grantRole(ROLE.governor, admin, 0)).to.be.revertedWithCustomError(
        manager,
        "AccessManagerNotScheduled",
      );
      const grant = manager.interface.encodeFunctionData("grantRole", [ROLE.governor, admin, 0]);
      await manager.schedule(protocol.addresses.accessManager, grant, 0);
      await connection.networkHelpers.time.increase(TWO_DAYS);
      await manager.grantRole(ROLE.governor, admin, 0);
      const found = await readBack(protocol, parameters, { fromBlock: 0 });
      expect(found.map(({ what }) => what)).to.deep.equal(["members that the file does not name"]);
    });
  });

  it("names every holder once, and the governor as steward too", function () {
    const { governor, steward } = parameters.roles;
    expect(
      grantsOf(parameters)
        .filter(({ role }) => role === "steward")
        .map(({ account }) => account),
    ).to.deep.equal([governor, steward]);
    const one = { roles: { ...parameters.roles, steward: governor } };
    expect(grantsOf(one).filter(({ role }) => role === "steward")).to.have.length(1);
  });
});
