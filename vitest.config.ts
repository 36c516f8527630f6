import { defineConfig } from "vitest/config";

/** The fast tests: everything that needs no server, no built program and no long computation. */
export default defineConfig({
  test: {
    // A shared machine may be slow; no test asserts a time.
    testTimeout: 30_000,
    include: ["test/**/*.test.ts"],
    exclude: ["test/integration/**", "test/**/*.slow.test.ts"],
    coverage: { provider: "v8", include: ["src/**/*.ts"], reporter: ["text-summary", "html"] },
  },
});
