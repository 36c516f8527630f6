import { defineConfig } from "vitest/config";

/**
 * The slow tests: `*.slow.test.ts`, which may run the built program in dist/, and those of
 * test/integration/, which may need servers of the system. A test file that needs Debian packages
 * names them in a line `// needs-debian: etcd-server`, by which `.ci/run` installs them. The Kubernetes API
 * server that exports are tried with is built by Go, see test/integration/api-server.
 */
export default defineConfig({
  test: {
    include: ["test/integration/**/*.test.ts", "test/**/*.slow.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
