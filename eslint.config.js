import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  { ignores: ["node_modules", "artifacts", "cache", "coverage", "out", "typechain-types", "deploy/deployments"] },
  { files: ["**/*.js", "**/*.mjs"], rules: { eqeqeq: "error", "prefer-const": "error" } },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // A cast is a wish: what comes from outside is parsed, and the rest has a type already. `as const` stays.
      "@typescript-eslint/consistent-type-assertions": ["error", { assertionStyle: "never" }],
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      // What is printed are numbers and bigints, which have one spelling.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      eqeqeq: "error",
      "no-console": "error",
      "no-restricted-syntax": [
        "error",
        { selector: "ExportDefaultDeclaration[declaration.type='ArrowFunctionExpression']", message: "Name it." },
      ],
    },
  },
  {
    // Core is pure: no clock, network, file or process.
    files: ["scripts/core/**/*.ts"],
    rules: {
      "no-restricted-imports": ["error", { patterns: ["node:*", "!node:util", "hardhat", "hardhat/*", "**/io/**"] }],
      "no-restricted-globals": ["error", "process", "fetch", "setTimeout", "setInterval", "performance", "crypto"],
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: "Core has no clock." },
        { object: "Math", property: "random", message: "Core has no chance but a seeded one." },
      ],
    },
  },
  {
    // Mocha's and chai's own idioms: `this.timeout`, property assertions.
    files: ["test/**/*.ts"],
    rules: { "@typescript-eslint/no-unused-expressions": "off" },
  },
);
