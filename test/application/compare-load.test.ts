import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compareLoad } from "../../src/application/compare-load.js";
import { loadAllocators } from "../../src/application/load-allocators.js";
import {
  LoadComparisonSchema,
  loadComparisonJsonSchema,
} from "../../src/formats/result/load-comparison.js";
import type { LoadResult } from "../../src/formats/result/load-result.js";
import { runCommand } from "../cli/run-command.js";
import { smallLoad } from "../load/load-settings.js";

let measured: LoadResult;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "compare-load-"));
  const workload = {
    kind: "churn",
    podRate: null,
    pods: [100],
    warmUpMs: 0,
    durationMs: 5,
  } as const;
  measured = await loadAllocators(smallLoad({ workload, repetitions: 12 }));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** The document with one allocator only, whose repetitions did this many operations a second. */
function withRates(allocator: string, perSecond: (repetition: number) => number): LoadResult {
  const runs = measured.runs.map((run) => ({
    ...run,
    allocators: run.allocators
      .filter((each) => each.allocator === allocator)
      .map((each) => ({
        ...each,
        samples: each.samples.map((sample) => ({
          ...sample,
          operationsPerSecond: perSecond(sample.repetition),
        })),
      })),
  }));
  return { ...measured, warnings: [], runs };
}

const around = (centre: number) => (repetition: number) => centre + 10 * Math.sin(7 * repetition);

async function write(name: string, document: unknown): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, JSON.stringify(document));
  return file;
}

describe("a comparison of load results", () => {
  it("compares the two allocators of one document, which were measured in turn", async () => {
    const file = await write("both.json", measured);
    const { stdout, stderr, exitCode } = await runCommand(
      "compare",
      "--a",
      file,
      "--b",
      file,
      "--json",
      "-",
    );
    expect([stderr, exitCode]).toEqual(["", 0]);
    const result = LoadComparisonSchema.parse(JSON.parse(stdout));
    expect(result.inTurn).toBe(true);
    const [run] = result.runs;
    expect(run).toMatchObject({
      threads: 1,
      pairs: 12,
      a: { release: "pre-3.28.4", allocator: "coarse-lock" },
      b: { release: "post-3.28.4", allocator: "lock-reduced" },
    });
    const rates = (name: string) =>
      measured.runs[0]!.allocators.find(({ allocator }) => allocator === name)!.samples.map(
        ({ operationsPerSecond }) => operationsPerSecond,
      );
    const mean = (values: number[]) =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    const [throughput] = run!.figures;
    expect(throughput!.a).toBeCloseTo(mean(rates("coarse-lock")), 3);
    expect(throughput!.b).toBeCloseTo(mean(rates("lock-reduced")), 3);
  });

  it("tells a real difference from none, and that the two were not measured in turn", async () => {
    const a = await write("a.json", withRates("coarse-lock", around(1000)));
    const same = await write(
      "same.json",
      withRates("coarse-lock", (i) => around(1000)(i + 1)),
    );
    const faster = await write("faster.json", withRates("lock-reduced", around(1200)));
    const { stdout } = await runCommand("compare", "--a", a, "--b", faster);
    expect(stdout).toMatch(/operations_per_second +1,0\d\d\S* +1,2\d\d\S* .* better/);
    expect(stdout).toMatch(/verdict +BETTER: b against a/);
    expect(stdout).toMatch(/not measured in turn/);
    expect(stdout).toMatch(/write-up, not on\s+Calico's code/);
    const alike = await runCommand("compare", "--a", a, "--b", same);
    expect(alike.stdout).toMatch(/NO DIFFERENCE SEEN/);
  });

  it("corrects for the figures of all runs, and compares those that both documents have", () => {
    const { runs } = withRates("lock-reduced", around(1000));
    const two = { ...measured, runs: [...runs, { ...runs[0]!, threads: 2 }] };
    const one = { ...measured, runs: runs.map((run) => shortened(run)) };
    const result = compareLoad({ file: "a", result: two }, { file: "b", result: one }, "test");
    expect(result.runs.map(({ threads, pairs }) => [threads, pairs])).toEqual([[1, 11]]);
    expect(result.warnings.join("\n")).toMatch(
      /first 11 repetitions[^]*2 threads, 100 pods: only a has it/,
    );
    const both = compareLoad({ file: "a", result: two }, { file: "b", result: { ...two } }, "test");
    expect(both.runs).toHaveLength(2);
    expect(both.runs[0]!.figures.every(({ verdict }) => verdict === "same")).toBe(true);
  });

  it.each<[string, (other: LoadResult) => LoadResult, string]>([
    [
      "machine",
      (other) => ({ ...other, machine: { ...other.machine, processor: "Z80" } }),
      'cannot be compared with .*a.json: processor is "Z80", not ',
    ],
    [
      "workload",
      (other) => ({ ...other, settings: { ...other.settings, nodes: 9 } }),
      "nodes is 9, not 4",
    ],
    ["interrupted run", (other) => ({ ...other, completed: false }), "the run was interrupted"],
    [
      "run",
      (other) => ({ ...other, runs: [{ ...other.runs[0]!, threads: 3 }] }),
      "has no run that",
    ],
    [
      "kind",
      (other) => ({ ...other, ipamlab: { ...other.ipamlab, document: "plan" } }) as never,
      "is not a simulation result",
    ],
  ])("refuses another %s", async (_, change, expected) => {
    const a = await write("a.json", withRates("coarse-lock", around(1000)));
    const b = await write("b.json", change(withRates("coarse-lock", around(1000))));
    const { stderr, exitCode } = await runCommand("compare", "--a", a, "--b", b);
    expect(stderr).toMatch(new RegExp(`b\\.json: .*${expected}`));
    expect(exitCode).toBe(2);
  });

  it("refuses a document that holds a search only", async () => {
    const file = await write("search.json", { ...measured, runs: [] });
    const { stderr, exitCode } = await runCommand("compare", "--a", file, "--b", file);
    expect(stderr).toContain("search.json: holds a search (--find-max) and no runs to compare");
    expect(exitCode).toBe(2);
  });

  it("refuses a document with one allocator for both sides, and two for one", async () => {
    const a = await write("a.json", withRates("coarse-lock", around(1000)));
    const alone = await runCommand("compare", "--a", a, "--b", a);
    expect(alone.stderr).toContain("has only coarse-lock: name another");
    const other = await write("other.json", withRates("coarse-lock", around(1000)));
    const many = await runCommand("compare", "--a", a, "--a", other, "--b", other);
    expect(many.stderr).toContain("of load results, --a takes one");
    expect([alone.exitCode, many.exitCode]).toEqual([2, 2]);
  });

  it("is published as a JSON schema", () => {
    const published = readFileSync("docs/load-comparison.schema.json", "utf8");
    expect(JSON.parse(published)).toEqual(loadComparisonJsonSchema());
  });
});

/** One repetition less. */
function shortened(run: LoadResult["runs"][number]): LoadResult["runs"][number] {
  const allocators = run.allocators.map((each) => ({ ...each, samples: each.samples.slice(1) }));
  return { ...run, allocators };
}
