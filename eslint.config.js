import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/** Where the same seed must give the same bytes: no clock of the machine, no chance but streams. */
const DETERMINISTIC = [
  "src/model/**",
  "src/protocol/**",
  "src/releases/**",
  "src/datastore/memory*",
  "src/datastore/memory/**",
  "src/datastore/simulated*",
  "src/datastore/simulated/**",
  "src/node/**",
  "src/controllers/**",
  "src/simulation/**",
  "src/exploration/**",
  "src/workload/**",
  "src/metrics/**",
  "src/analysis/**",
  "src/formats/**",
  "src/report/**",
];

const USE_INJECTED = "take the clock or the random stream as a parameter";

export default defineConfig(
  { ignores: ["dist/", "coverage/", "node_modules/"] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      // noUncheckedIndexedAccess is on, so `!` is how an invariant of an index is stated.
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/no-unnecessary-condition": [
        "error",
        { allowConstantLoopConditions: "only-allowed-literals" },
      ],
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrors: "none" },
      ],
      // A generator of the protocol may have nothing to ask of the datastore.
      "require-yield": "off",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      // With verbatimModuleSyntax, `import { type X }` still loads the module.
      "@typescript-eslint/no-import-type-side-effects": "error",
      eqeqeq: ["error", "smart"],
      "no-console": "error",
    },
  },
  {
    files: ["src/**"],
    rules: {
      "max-lines": ["error", { max: 400, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 75, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: DETERMINISTIC,
    rules: {
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: USE_INJECTED },
        { object: "Math", property: "random", message: USE_INJECTED },
        { object: "performance", property: "now", message: USE_INJECTED },
        { object: "process", property: "hrtime", message: USE_INJECTED },
        { object: "crypto", property: "randomUUID", message: USE_INJECTED },
        { object: "crypto", property: "getRandomValues", message: USE_INJECTED },
      ],
      "no-restricted-syntax": [
        "error",
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: USE_INJECTED,
        },
        { selector: "CallExpression[callee.name='Date']", message: USE_INJECTED },
      ],
      "no-restricted-globals": [
        "error",
        { name: "setTimeout", message: USE_INJECTED },
        { name: "setInterval", message: USE_INJECTED },
      ],
      "no-restricted-imports": [
        "error",
        {
          paths: [
            { name: "node:timers", message: USE_INJECTED },
            { name: "node:timers/promises", message: USE_INJECTED },
            { name: "node:perf_hooks", message: USE_INJECTED },
            {
              name: "node:crypto",
              importNames: ["randomBytes", "randomInt", "randomUUID", "getRandomValues"],
              message: USE_INJECTED,
            },
          ],
        },
      ],
    },
  },
  {
    // Tables of data, a record per release and behaviour.
    files: ["src/releases/**"],
    rules: { "max-lines": "off" },
  },
  {
    // A benchmark prints; a fake answers at once to an asynchronous interface.
    files: ["test/**", "bench/**"],
    rules: {
      "no-console": "off",
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/unbound-method": "off",
    },
  },
  {
    files: ["**/*.js", "**/*.cjs", "**/*.mjs"],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: { module: "writable", process: "readonly", console: "readonly" } },
  },
);
