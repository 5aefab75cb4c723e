// Checks that imports point down: of contracts by their folders, of scripts from tasks over io to core.
import { z } from "zod";

import { HouseError } from "../core/house/errors.js";
import { findBreaches } from "../core/house/layers.js";
import { readFlags, runCommand } from "../io/command.js";
import { terminal } from "../io/terminal.js";
import { readTree } from "../io/tree.js";

const USAGE = `Usage: npm run layers

Checks that imports point down: of contracts by their folders, of scripts from tasks over io to core. Takes no options.`;

await runCommand(() => {
  readFlags(USAGE, z.object({}).strict());
  const files = readTree((path) => /^contracts\/.*\.sol$|^scripts\/.*\.ts$/.test(path));
  const breaches = findBreaches(files);
  if (breaches.length > 0) {
    const lines = breaches.map(({ from, to, reason }) => `${from} imports ${to}: ${reason}`);
    throw new HouseError("LAYERS", `${lines.length} imports do not point down.`, lines);
  }
  terminal.result(`layers: ${files.length} files, every import points down`);
});
