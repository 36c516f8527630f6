import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readLatencyBound } from "../../src/application/latency-bound.js";
import { type ChurnWorkload, loadAllocators } from "../../src/application/load-allocators.js";
import { LoadResultSchema, loadResultJsonSchema } from "../../src/formats/result/load-result.js";
import { loadText } from "../../src/report/load-text.js";
import { smallLoad } from "./load-settings.js";

/** A hundred pods that come, one of each four that goes: its outcome depends on no clock. */
const SCHEDULE = {
  kind: "schedule",
  operations: Array.from({ length: 100 }, (_, pod) => pod).flatMap((pod) => [
    { timeNs: pod * 1000, pod, node: pod % 4, isAssignment: true },
    ...(pod % 4 === 0
      ? [{ timeNs: pod * 1000 + 500, pod, node: pod % 4, isAssignment: false }]
      : []),
  ]),
  podCount: 100,
  isOpenLoop: false,
} as const;

const STYLE = { color: false, width: 100 };

describe("a load run", () => {
  it("runs both allocators in turn and describes them by its schema", async () => {
    const result = await loadAllocators(smallLoad({ workload: SCHEDULE }));
    expect(LoadResultSchema.parse(result)).toEqual(result);
    expect(result.settings).toMatchObject({ mode: "flat out", addresses: 1024, nodes: 4 });
    const [run] = result.runs;
    for (const { samples, operations, final, assignNs, fromIntendedNs } of run!.allocators) {
      expect(samples).toHaveLength(2);
      expect(operations).toMatchObject({ assigned: 200, failed: 0, released: 50, notStarted: 0 });
      expect(assignNs!.count).toBe(200);
      expect(fromIntendedNs).toBeNull();
      expect(final).toEqual({ addresses: 75, blocks: 7 });
    }
    const [coarse, reduced] = run!.allocators;
    expect(coarse!.contention.lock!.acquisitions).toBe(250);
    expect(reduced!.contention.lock).toBeNull();
  });

  it("keeps the number of pods while they come and go", async () => {
    const result = await loadAllocators(smallLoad());
    const [run] = result.runs;
    expect(run).toMatchObject({ threads: 1, pods: 100, occupancy: 100 / 1024 });
    for (const { final } of run!.allocators) {
      // A run may end between the release of a pod and its successor.
      expect([99, 100]).toContain(final.addresses);
    }
  });

  it("is published as a JSON schema", () => {
    const published = readFileSync("docs/load-result.schema.json", "utf8");
    expect(JSON.parse(published)).toEqual(loadResultJsonSchema());
  });

  it("in open loop performs exactly what the schedule wants, or counts what did not start", async () => {
    const workload = {
      kind: "churn",
      podRate: 500,
      pods: [50],
      warmUpMs: 0,
      durationMs: 100,
    } as const;
    const result = await loadAllocators(smallLoad({ workload, repetitions: 1 }));
    expect(result.settings.mode).toBe("open loop");
    for (const { operations, fromIntendedNs } of result.runs[0]!.allocators) {
      const done = operations.assigned + operations.released;
      expect(done + operations.notStarted).toBe(100);
      expect(fromIntendedNs!.count).toBe(done);
    }
  });

  it("counts an overload as operations that did not start", async () => {
    const workload = {
      kind: "churn",
      podRate: 1e9,
      pods: [50],
      warmUpMs: 0,
      durationMs: 20,
    } as const;
    const result = await loadAllocators(smallLoad({ workload, repetitions: 1 }));
    expect(result.runs[0]!.allocators[0]!.operations.notStarted).toBeGreaterThan(1e6);
    expect(result.warnings.join("\n")).toContain("operations had not started at the end");
  });

  it("runs a schedule to its end, however late it is", async () => {
    const workload = { ...SCHEDULE, isOpenLoop: true };
    const result = await loadAllocators(smallLoad({ workload, repetitions: 1 }));
    for (const { operations, fromIntendedNs } of result.runs[0]!.allocators) {
      expect(operations).toMatchObject({ assigned: 100, released: 25, notStarted: 0 });
      expect(fromIntendedNs!.count).toBe(125);
    }
  });

  it("tells failed assignments by their reason", async () => {
    const { world } = smallLoad();
    const config = { ...world.config, maxBlocksPerHost: 1, strictAffinity: true };
    const result = await loadAllocators(
      smallLoad({ world: { ...world, config }, workload: SCHEDULE, repetitions: 1 }),
    );
    const [run] = result.runs;
    for (const { failures, operations } of run!.allocators) {
      expect(failures).toEqual([
        { reason: "block limit of the node reached", count: operations.failed },
      ]);
      // A block of sixteen for each node; on one of the nodes every pod leaves.
      expect(operations.failed).toBe(3 * (25 - 16));
    }
  });

  it("keeps what it has when it is interrupted, and says so", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const settings = smallLoad({ workload: SCHEDULE, repetitions: 1000, signal });
    let seen = 0;
    const result = await loadAllocators({
      ...settings,
      onHistogram: () => seen++,
      onProgress: () => undefined,
      createCrew: () => ({
        async run(job) {
          await settings.createCrew(1).run(job);
          controller.abort();
        },
        async close() {
          // Nothing to end.
        },
      }),
    });
    expect(result.completed).toBe(false);
    expect(result.runs[0]!.allocators.map(({ samples }) => samples.length)).toEqual([1]);
    expect(seen).toBeGreaterThan(0);
    expect(loadText(result, STYLE)).toContain("INTERRUPTED");
  });

  it("searches the highest rate that keeps a bound", async () => {
    const findMax = readLatencyBound("p(50) < 10s", "--find-max");
    const workload = {
      kind: "churn",
      podRate: null,
      pods: [50],
      warmUpMs: 0,
      durationMs: 30,
    } as const;
    const result = await loadAllocators(
      smallLoad({ findMax, workload, allocators: ["lock-reduced"] }),
    );
    expect(LoadResultSchema.parse(result)).toEqual(result);
    const [search] = result.searches;
    const held = search!.steps.filter(({ passed }) => passed).map((step) => step.podsPerSecond);
    expect(search!.podsPerSecond).toBe(held.length === 0 ? null : Math.max(...held));
    for (const { passed, notStarted } of search!.steps) expect(passed).toBe(notStarted === 0);
    expect(loadText(result, STYLE)).toContain("highest rate");
  });

  it("finds none when no rate keeps the bound", async () => {
    const findMax = readLatencyBound("max <= 0.001us", "--find-max");
    const workload = {
      kind: "churn",
      podRate: null,
      pods: [5],
      warmUpMs: 0,
      durationMs: 20,
    } as const;
    const result = await loadAllocators(
      smallLoad({ findMax, workload, allocators: ["lock-reduced"] }),
    );
    expect(result.searches[0]!.podsPerSecond).toBeNull();
    expect(loadText(result, STYLE)).toContain("no rate was found that keeps max <= 0.001us");
  });

  it("prints what it rests on", async () => {
    const text = loadText(await loadAllocators(smallLoad()), STYLE);
    expect(text).toContain("measured on threads of this machine");
    expect(text.replaceAll(/\s+/g, " ")).toContain("rests on a write-up, not on Calico's code");
    expect(text).toMatch(/lock-reduced does [\d.]+ × the operations of coarse-lock/);
  });

  it("shows latency and conflicts by use of the pool and threads", async () => {
    const { workload } = smallLoad();
    const pods = [102, 1024];
    const several = { ...workload, kind: "churn", pods } as ChurnWorkload;
    const text = loadText(await loadAllocators(smallLoad({ workload: several })), STYLE);
    for (const allocator of ["coarse-lock", "lock-reduced"]) {
      for (const used of ["10 %", "100 %"]) {
        expect(text).toMatch(new RegExp(`${allocator} +${used} +[\\d.]+ (ns|µs|ms), 0\\n`));
      }
    }
  });
});

describe("a bound on the latency", () => {
  it.each([
    ["p(99)", "expected one of <= <"],
    ["p(99) < 50", "expected a duration with its unit"],
    ["p(99) > 50us", "bounded from above"],
    ["count < 5s", "expected a percentile, mean or max"],
    ["p(0) < 5us", "a percentile above 0"],
  ])("refuses %s", (text, expected) => {
    expect(() => readLatencyBound(text, "--find-max")).toThrow(expected);
  });
});
