import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ComparisonResult,
  ComparisonResultSchema,
  comparisonResultJsonSchema,
} from "../../../src/formats/result/comparison-result.js";
import { runCommand } from "../run-command.js";

const STRANDED = "stranded-single-address-blocks";

/** Pods at random times on a pool that is nearly used up. */
const RANDOM = `ipamlab: 1
name: random-churn
release: v3.28.4
seed: 7
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

let folder: string;
let random: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "compare-"));
  random = join(folder, "random.yaml");
  await writeFile(random, RANDOM);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function compareJson(...argv: string[]): Promise<ComparisonResult> {
  const { stdout, stderr } = await runCommand("compare", ...argv, "--json", "-");
  expect(stderr).toBe("");
  return ComparisonResultSchema.parse(JSON.parse(stdout));
}

describe("ipamlab compare", () => {
  it("finds v3.28.3 and v3.28.4 identical, and tells how much was compared", async () => {
    const { exitCode, stdout } = await runCommand(
      "compare",
      "scenarios/quickstart.yaml",
      ...["--a", "v3.28.3", "--b", "v3.28.4"],
    );
    expect(stdout).toMatch(
      /verdict +IDENTICAL, call by call: 14,510 operations, 131,615 datastore/,
    );
    expect(stdout).toContain("no modelled behaviour differs");
    expect(exitCode).toBe(0);
  });

  it("finds v3.32.1 better where blocks are stranded, and the behaviour that does it", async () => {
    const argv = [STRANDED, "--a", "v3.28.4", "--b", "v3.32.1", "--attribute"];
    const { verdict, seedMatters, attribution } = await compareJson(...argv);
    expect({ verdict, seedMatters }).toEqual({ verdict: "better", seedMatters: false });
    const effective = attribution!.filter(({ part }) => part !== "none");
    expect(effective.map(({ behaviour, part }) => ({ behaviour, part }))).toEqual([
      { behaviour: "reclaimEmptyBlocks", part: "all" },
    ]);
    const { stdout } = await runCommand("compare", ...argv);
    expect(stdout).toContain("BETTER: v3.32.1 against v3.28.4, though datastore_calls,");
    expect(stdout).toMatch(/reclaimEmptyBlocks: never → when older than 60 s\n +is the whole diff/);
  });

  it("is worse the other way round", async () => {
    const { verdict } = await compareJson(STRANDED, "--a", "v3.32.1", "--b", "v3.28.4");
    expect(verdict).toBe("worse");
  });

  it("runs pairs with the same seeds where the seed matters, the scenario's own first", async () => {
    const result = await compareJson(random, "--a", "v3.28.4", "--b", "v3.32.1", "--runs", "8");
    expect(result.seedMatters).toBe(true);
    expect(result.seeds).toEqual(["7", "7.2", "7.3", "7.4", "7.5", "7.6", "7.7", "7.8"]);
    expect(result.figures.find(({ name }) => name === "allocations")?.verdict).toBe("same");
    const success = result.figures.find(({ name }) => name === "success_rate")!;
    expect(success.interval!.low).toBeLessThanOrEqual(success.difference);
    expect(success.interval!.high).toBeGreaterThanOrEqual(success.difference);
    expect(success.p).toBeGreaterThan(0);
  });

  it("says what the two profiles of the write-up rest on, and that nothing asked for the lock", async () => {
    const { stdout } = await runCommand(
      "compare",
      random,
      ...["--a", "pre-3.28.4", "--b", "post-3.28.4", "--runs", "2"],
    );
    expect(stdout).toContain("2 pairs of runs with common random numbers, seeds 7 to 7.2");
    expect(stdout).toContain("never asked for: coarseAllocationLock");
    expect(stdout).toMatch(/rest on a write-up about v3.28.4, not\s+Calico's code/);
    const mixed = await runCommand(
      "compare",
      random,
      ...["--a", "v3.28.4", "--b", "post-3.28.4", "--runs", "2"],
    );
    expect(mixed.stdout).toMatch(/one side is Calico.s code and the other a write-up/);
  });

  it("compares result documents of earlier runs, in pairs of the same seed", async () => {
    const files: Record<string, string> = {};
    for (const release of ["v3.28.4", "v3.32.1"]) {
      for (const seed of ["1", "2"]) {
        const file = join(folder, `${release}-${seed}.json`);
        await runCommand("simulate", random, "--release", release, "--seed", seed, "--json", file);
        files[`${release} ${seed}`] = file;
      }
    }
    const [a1, a2] = [files["v3.28.4 1"]!, files["v3.28.4 2"]!];
    const [b1, b2] = [files["v3.32.1 1"]!, files["v3.32.1 2"]!];
    const result = await compareJson("--a", a1, "--a", a2, "--b", b2, "--b", b1);
    expect(result.seeds).toEqual(["1", "2"]);
    expect([result.a.release, result.b.release]).toEqual(["v3.28.4", "v3.32.1"]);
    expect((await compareJson("--a", a1, "--b", a1)).verdict).toBe("identical");

    const odd = await runCommand("compare", "--a", a1, "--b", b2);
    expect(odd.stderr).toContain(`${a1}: no file of --b has its seed, 1`);
    expect(odd.exitCode).toBe(2);
    const other = join(folder, "other.json");
    await runCommand("simulate", STRANDED, "--json", other);
    const foreign = await runCommand("compare", "--a", a1, "--b", other);
    expect(foreign.stderr).toMatch(
      /other\.json: cannot be compared with .*: another scenario \(stranded/,
    );
    expect(foreign.exitCode).toBe(2);
  });

  it.each([
    [["compare", "--a", "v3.28.4", "--b", "v3.32.1"], "name the scenario to run"],
    [["compare", STRANDED, "--a", "v3.28.5", "--b", "v3.99.1"], '--b: unknown release "v3.99.1"'],
    [["compare", "-", "--a", "v3.28.4", "--b", "v3.32.1"], "standard input cannot be used"],
    [["compare", "--a", "package.json", "--b", "package.json"], "is not a simulation result"],
    [["compare", "--a", "README.md", "--b", "package.json"], "README.md: is not JSON"],
    [["compare", STRANDED, "--a", "v3.28.4"], "b"],
    [
      ["compare", STRANDED, "--a", "v3.28.4", "--b", "v3.32.1", "--threads", "2"],
      "--threads with v3.28.4 and v3.32.1: the allocators that threads drive model pre-3.28.4",
    ],
    [
      ["compare", STRANDED, "--a", "pre-3.28.4", "--b", "post-3.28.4", "--threads", "0"],
      "--threads: expected a number of threads from 1 to 64",
    ],
  ])("refuses %j", async (argv, text) => {
    const { exitCode, stderr } = await runCommand(...argv);
    expect(stderr).toContain(text);
    expect(exitCode).toBe(2);
  });

  it("writes a document that its published schema describes", async () => {
    const published = await readFile("docs/comparison-result.schema.json", "utf8");
    expect(JSON.parse(published)).toEqual(comparisonResultJsonSchema());
  });
});
