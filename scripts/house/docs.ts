// Checks the pages against the repository, and that no text holds what it must not; see scripts/core/house/docs.ts for
// the forms that it needs.
import { z } from "zod";

import { checkDocs, findForbidden } from "../core/house/docs.js";
import { HouseError } from "../core/house/errors.js";
import { readFlags, runCommand } from "../io/command.js";
import { terminal } from "../io/terminal.js";
import { listTree, readTree } from "../io/tree.js";

const USAGE = `Usage: npm run docs:check

Checks the pages against the repository, and that no text holds what it must not. Takes no options.`;

const TEXT = /\.(?:md|sol|ts|js|mjs|json|json5|html|css|txt|ya?ml|csv)$|^\.[\w.]+$|^\.ci\//;

await runCommand(() => {
  readFlags(USAGE, z.object({}).strict());
  const findings = [
    ...checkDocs({
      paths: listTree(),
      pages: readTree((path) => /^(?:[^/]+|docs\/.*)\.md$/.test(path)),
      tests: readTree((path) => /^test\/.*\.(?:sol|ts)$/.test(path)),
      code: readTree((path) => /^(?:contracts|scripts)\/.*\.(?:sol|ts)$/.test(path)),
    }),
    ...findForbidden(readTree((path) => TEXT.test(path))),
  ];
  if (findings.length > 0) throw new HouseError("DOCS", `${findings.length} things to mend in the pages.`, findings);
  terminal.result("docs: pages and repository agree");
});
