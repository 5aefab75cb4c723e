// Mends package-lock.json so that one lock file installs on Node 20, 22 and 24, on every platform.
//
// npm drops an optional package whose `engines` field excludes the running Node, and leaves out of the lock those that
// the registry does not serve for the platform at hand; `npm ci` then fails, or Hardhat finds no native engine. The cure:
// EDR's packages carry no `engines`, and each platform package that EDR names has an entry. Plain JavaScript, because it
// must run before anything is installed.
//
// Use: node scripts/house/lock.mjs [--check]
import { readFileSync, writeFileSync } from "node:fs";

const LOCK = new URL("../../package-lock.json", import.meta.url);
const EDR = "node_modules/@nomicfoundation/edr";

/** Platform fields of an EDR package, read off its name: `edr-linux-x64-gnu` is linux, x64, glibc. */
function platformOf(name) {
  const [, os, cpu, flavour] = name.split("/edr")[1].split("-");
  const libc = { gnu: ["glibc"], musl: ["musl"] }[flavour];
  return { os: [os === "win32" ? "win32" : os], cpu: [cpu], ...(libc ? { libc } : {}) };
}

function mend(lock) {
  const packages = lock.packages;
  const edr = packages[EDR];
  if (!edr) throw new Error(`${EDR} is not in the lock file`);
  for (const [name, version] of Object.entries(edr.optionalDependencies)) {
    const key = `node_modules/${name}`;
    packages[key] ??= { version, ...platformOf(name), dev: true, optional: true };
  }
  for (const [key, entry] of Object.entries(packages)) {
    if (key.startsWith(EDR)) delete entry.engines;
  }
  lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  return lock;
}

const strange = process.argv.slice(2).find((word) => word !== "--check");
if (strange !== undefined) {
  console.error(`Unknown option ${strange}: lock.mjs knows --check, and mends the lock file without it.`);
  process.exit(1);
}

const text = readFileSync(LOCK, "utf8");
const addresses = text.match(/"resolved": "(?:https?|git)[^"]*"/g) ?? [];
const mended = `${JSON.stringify(mend(JSON.parse(text)), null, 2)}\n`;

if (addresses.length > 0) {
  console.error(
    `package-lock.json names ${addresses.length} download addresses; delete it and install again with the project's .npmrc`,
  );
  process.exitCode = 1;
} else if (!process.argv.includes("--check")) {
  if (mended !== text) writeFileSync(LOCK, mended);
} else if (mended !== text) {
  console.error("package-lock.json needs mending: run `npm run lock`");
  process.exitCode = 1;
}
