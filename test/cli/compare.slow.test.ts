import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { shippedScenarios } from "../../src/application/shipped-scenarios.js";

const MAIN = resolve("dist/cli/main.js");

function compare(...argv: string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [MAIN, "compare", ...argv], {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return stdout;
}

const RANDOM = `ipamlab: 1
release: v3.28.4
pools: [{ name: tight, cidr: 10.8.0.0/26, blockSize: 30 }]
ipamConfig: { strictAffinity: true }
nodes: { count: 6, maxPods: 40 }
workload:
  - executor: poisson
    rate: 1
    duration: 200s
    lifetime: { distribution: exponential, mean: 50s }
    placement: random
`;

const scenarios = await shippedScenarios();

describe("the built program", () => {
  it.each(scenarios)("finds v3.28.3 and v3.28.4 identical on $name", ({ file }) => {
    const stdout = compare(file, "--a", "v3.28.3", "--b", "v3.28.4", "--runs", "1");
    const [, operations, calls] = /IDENTICAL, call by call: ([\d,]+) operations, ([\d,]+)/.exec(
      stdout,
    )!;
    expect(operations).not.toBe("0");
    expect(calls).not.toBe("0");
  });

  it("gives the same bytes for any number of workers", () => {
    const folder = mkdtempSync(join(tmpdir(), "compare-"));
    const file = join(folder, "random.yaml");
    writeFileSync(file, RANDOM);
    const argv = [file, "--a", "v3.28.4", "--b", "v3.32.1", "--runs", "6", "--attribute"];
    const outputs = ["1", "2", "5"].map((workers) =>
      compare(...argv, "--json", "-", "--workers", workers),
    );
    rmSync(folder, { recursive: true });
    expect(JSON.parse(outputs[0]!)).toMatchObject({ seedMatters: true });
    expect(new Set(outputs).size).toBe(1);
  });
});
