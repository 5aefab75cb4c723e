import { fileURLToPath } from "node:url";

import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { configVariable, defineConfig } from "hardhat/config";

import { testCompiler } from "./scripts/house/test-compiler.js";

/** Compilers come from npm, so that a build needs no download; the version is pinned in package.json. */
const solcPath = (specifier: string): string => fileURLToPath(import.meta.resolve(specifier));

const production = {
  viaIR: true,
  evmVersion: "cancun",
  metadata: { bytecodeHash: "none" as const },
  // Storage layouts are kept in snapshots/storage.json.
  outputSelection: { "*": { "*": ["storageLayout"] } },
};

/** One object for each kind: Hardhat compiles together only what shares it. */
const compiled = (runs: number): { version: string; path: string; settings: object } => ({
  version: "0.8.30",
  path: solcPath("solc/soljson.js"),
  settings: { ...production, optimizer: { enabled: true, runs } },
});

/** The contract that is largest and called most by others: for it, size is the bound and gas comes after. */
const compact = compiled(200);

/** Contracts with room to spare: for them gas is all that counts. */
const swift = compiled(10_000_000);

/** Solidity tests deploy the protocol from its artifacts. */
const fsPermissions = { readDirectory: ["./artifacts"] };

const fuzzSeed = "0xba11a57";

export default defineConfig({
  plugins: [hardhatToolboxMochaEthers, testCompiler],
  paths: { ignition: "deploy", tests: { solidity: "test/solidity", mocha: "test/ts" } },
  typechain: { outDir: "typechain-types" },
  solidity: {
    compilers: [
      compiled(700),
      {
        version: "0.6.6",
        path: solcPath("solc-0.6.6/soljson.js"),
        settings: { optimizer: { enabled: true, runs: 10_000 } },
      },
    ],
    overrides: {
      "contracts/Rebalancer.sol": compact,
      "contracts/Exchange.sol": swift,
      "contracts/Liquidator.sol": swift,
      "contracts/MarginAccountTrading.sol": swift,
    },
    npmFilesToBuild: [
      "@openzeppelin/contracts/access/manager/AccessManager.sol",
      "@chainlink/contracts/src/v0.6/EACAggregatorProxy.sol",
    ],
  },
  coverage: { skipFiles: ["contracts/mocks/**"] },
  test: {
    mocha: { timeout: 120_000 },
    solidity: {
      profiles: {
        default: {
          fsPermissions,
          fuzz: { runs: 1_000, seed: fuzzSeed },
          invariant: { runs: 8, depth: 60, failOnRevert: true },
        },
        // npm run coverage: whether a line was reached needs no thousand runs.
        coverage: {
          fsPermissions,
          fuzz: { runs: 32, seed: fuzzSeed },
          invariant: { runs: 2, depth: 60, failOnRevert: true },
        },
        // npm run test:deep
        deep: {
          fsPermissions,
          fuzz: { runs: 10_000, seed: fuzzSeed },
          // Of each of the two campaigns: 400,000 steps together.
          invariant: { runs: 1_000, depth: 200, failOnRevert: true },
        },
      },
    },
  },
  networks: {
    // An in-process chain for tests; the gas table and the simulation run on the same rules. Its transactions name their
    // gas: an estimate made in one second falls short in the next, when interest has a slot more to write.
    default: { type: "edr-simulated", chainId: 31_337, gas: 16_000_000n },
    // Mainnet's replica, built in the process and served over JSON-RPC; the fork reads it as it would read a node.
    replica: { type: "edr-simulated", chainId: 1, allowBlocksWithSameTimestamp: false },
    // A fork of the replica or of a real node; the address arrives with `network.create({ override })`.
    fork: { type: "edr-simulated", chainId: 1 },
    localhost: { type: "http", url: "http://127.0.0.1:8545" },
    sepolia: {
      type: "http",
      chainId: 11_155_111,
      url: configVariable("SEPOLIA_RPC_URL"),
      accounts: [configVariable("SEPOLIA_PRIVATE_KEY")],
    },
  },
});
