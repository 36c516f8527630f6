import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { shippedScenarios } from "../../src/application/shipped-scenarios.js";
import type { ComparisonResult } from "../../src/formats/result/comparison-result.js";

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

/** Six nodes, and ADDs that take a third of a second of the cluster's one lock, if it has one. */
const CONTENTION = `ipamlab: 1
release: v3.28.4
simulation: { model: cluster, duration: 90s }
pools: [{ name: pool, cidr: 10.8.0.0/20 }]
nodes: { count: 6 }
datastore:
  reads: { distribution: exponential, mean: 30ms }
  writes: { distribution: exponential, mean: 60ms }
workload: [{ executor: poisson, rate: 1.5, duration: 60s, lifetime: 20s }]
`;

/** Pods that find the node full keep its lock busy for longer than 90 s, so that ADDs give up behind it. */
const LOCK_QUEUE = `ipamlab: 1
release: v3.28.4
simulation: { model: cluster, duration: 20m }
pools: [{ name: pool, cidr: 10.9.0.0/20 }]
nodes: { count: 1, maxPods: 60 }
datastore: { reads: 350ms, writes: 350ms }
workload:
  - { executor: constant-arrival-rate, name: jobs, rate: 0.05, duration: 20m, lifetime: 30s, whenFull: wait }
  - { executor: burst, name: burst, startAfter: 60s, pods: 50, within: 30s, lifetime: 30s }
`;

const folder = mkdtempSync(join(tmpdir(), "compare-"));
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

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
    const file = written("random.yaml", RANDOM);
    const argv = [file, "--a", "v3.28.4", "--b", "v3.32.1", "--runs", "6", "--attribute"];
    const outputs = ["1", "2", "5"].map((workers) =>
      compare(...argv, "--json", "-", "--workers", workers),
    );
    expect(JSON.parse(outputs[0]!)).toMatchObject({ seedMatters: true });
    expect(new Set(outputs).size).toBe(1);
  });

  it("shows what one lock for the cluster costs, simulated, and on threads in pairs taken in turn", () => {
    const file = written("contention.yaml", CONTENTION);
    const sides = ["--a", "pre-3.28.4", "--b", "post-3.28.4", "--runs", "12"];
    const result = JSON.parse(
      compare(file, ...sides, "--threads", "2", "--json", "-"),
    ) as ComparisonResult;
    expect(result.verdict).toBe("better");
    const ready = result.figures.find(({ name }) => name === "pod_network_ready p(99)")!;
    expect(ready.verdict).toBe("better");
    expect(ready.interval!.high).toBeLessThan(0);
    expect([result.a.basis, result.b.basis]).toEqual(["a write-up", "a write-up"]);
    // What the threads measured depends on the machine; that both were measured in turn does not.
    expect(result.measured).toMatchObject({
      pairs: 12,
      threads: 2,
      a: { release: "pre-3.28.4", allocator: "coarse-lock" },
      b: { release: "post-3.28.4", allocator: "lock-reduced" },
    });
    expect(result.measured!.provenance).toMatch(/^measured on threads .* a write-up/);
    const measured = result.measured!.figures;
    expect(measured.map(({ name }) => name)).toContain("operations_per_second");
    expect(measured.every(({ interval, runs }) => interval !== null && runs === 12)).toBe(true);
  });

  it("finds v3.29.7 better than v3.28.4 behind a lock queue, and names the timer", () => {
    const file = written("lock-queue.yaml", LOCK_QUEUE);
    const argv = [file, "--a", "v3.28.4", "--b", "v3.29.7", "--runs", "11", "--attribute"];
    const result = JSON.parse(compare(...argv, "--json", "-")) as ComparisonResult;
    expect(result.verdict).toBe("better");
    const shares = result.attribution!.map(({ behaviour, shares: all }) => {
      const share = all.find(({ figure }) => figure === "failed_allocations");
      return [behaviour, share?.alone ?? 0] as const;
    });
    const [most] = shares.toSorted(([, a], [, b]) => b - a);
    expect(most![0]).toBe("cniAddTimer");
    expect(most![1]).toBeGreaterThan(0.8);
  });
});
