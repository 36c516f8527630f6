import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { thisMachine } from "../../../src/cli/machine.js";
import {
  type Baseline,
  BaselineSchema,
  baselineJsonSchema,
} from "../../../src/formats/result/baseline.js";
import { runCommand } from "../run-command.js";

const SCENARIO = `ipamlab: 1
name: small
release: v3.28.4
pools: [{ name: p, cidr: 10.9.0.0/26, blockSize: 28 }]
nodes: { count: 4 }
workload:
  - { executor: constant-arrival-rate, name: web, rate: 1, duration: 40s }
thresholds: [success_rate == 100%]
`;

let folder: string;
let scenario: string;
let baseline: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gate-"));
  scenario = join(folder, "small.yaml");
  baseline = join(folder, "baseline.json");
  await writeFile(scenario, SCENARIO);
  await runCommand("gate", "record", scenario, "--baseline", baseline);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

const gate = (...argv: string[]) => runCommand("gate", ...argv);

async function readBaseline(file = baseline): Promise<Baseline> {
  return BaselineSchema.parse(JSON.parse(await readFile(file, "utf8")));
}

/** A copy of the baseline with its entry changed. */
async function changed(
  name: string,
  change: (entry: Baseline["entries"][number]) => Partial<Baseline["entries"][number]>,
): Promise<string> {
  const read = await readBaseline();
  const file = join(folder, name);
  const entries = read.entries.map((entry) => ({ ...entry, ...change(entry) }));
  await writeFile(file, JSON.stringify({ ...read, entries }));
  return file;
}

/** As if the code of before had made two calls fewer. */
const otherCalls = () =>
  changed("calls.json", ({ figures, fingerprint }) => ({
    figures: figures.map((figure) =>
      figure.name === "datastore_calls" ? { ...figure, value: figure.value! - 2 } : figure,
    ),
    fingerprint: { ...fingerprint, hash: "0000000000000000" },
  }));

/** A cluster whose datastore takes time, at random. */
const CLUSTER = `ipamlab: 1
name: busy
release: v3.28.4
simulation: { model: cluster, duration: 3m }
pools: [{ name: p, cidr: 10.9.0.0/24 }]
nodes: { count: 3 }
datastore: { reads: { distribution: exponential, mean: 20ms } }
workload: [{ executor: poisson, rate: 1, duration: 1m, lifetime: 20s }]
thresholds: ["pod_network_ready: p(99) < 5s"]
`;

describe("ipamlab gate", () => {
  it("gates a cluster's simulated latencies exactly, and refuses another scenario", async () => {
    const file = join(folder, "busy.yaml");
    await writeFile(file, CLUSTER);
    const own = join(folder, "busy.json");
    await gate("record", file, "--baseline", own);
    const entry = (await readBaseline(own)).entries[0]!;
    expect(entry.figures.map(({ name }) => name)).toContain("pod_network_ready p(99)");
    expect((await gate("check", "--baseline", own)).exitCode).toBe(0);
    const read = await readBaseline(own);
    const slower = read.entries[0]!.figures.map((figure) =>
      figure.name === "pod_network_ready p(99)" ? { ...figure, value: figure.value! - 1 } : figure,
    );
    const other = join(folder, "slower.json");
    await writeFile(other, JSON.stringify({ ...read, entries: [{ ...entry, figures: slower }] }));
    const failed = await gate("check", "--baseline", other);
    expect([failed.exitCode, failed.stdout.includes("pod_network_ready p(99)")]).toEqual([1, true]);
    await writeFile(file, CLUSTER.replace("mean: 20ms", "mean: 21ms"));
    expect((await gate("check", "--baseline", own)).exitCode).toBe(2);
  });

  it("passes on what it recorded, to the last call", async () => {
    const { exitCode, stdout } = await gate("check", "--baseline", baseline);
    expect(stdout).toContain("gate            PASSED");
    expect(stdout).toMatch(/ok +success_rate == 100%/);
    expect(stdout).toMatch(/ok +datastore calls, one by one +all \d+ datastore calls/);
    expect(stdout).toMatch(/v3.28.4 rests on\s+Calico.s code/);
    expect(exitCode).toBe(0);
  });

  it("fails on any change, and says which", async () => {
    const file = await otherCalls();
    const { exitCode, stdout } = await gate("check", "--baseline", file);
    expect(stdout).toMatch(/FAILED +datastore_calls +\d+ +\d+ +worse/);
    expect(stdout).toMatch(/FAILED +datastore calls, one by one/);
    expect(stdout).toContain("FAILED: 1 of 1 scenario");
    expect(exitCode).toBe(1);
  });

  it("tells failures to JUnit, GitHub and programs", async () => {
    const file = await otherCalls();
    const junit = join(folder, "gate.xml");
    const json = join(folder, "gate.json");
    const { stdout } = await gate(
      "check",
      ...["--baseline", file, "--junit", junit, "--github", "--json", json],
    );
    expect(stdout).toMatch(
      /^::error file=.*calls\.json,title=ipamlab gate%3A small::datastore_calls/m,
    );
    const xml = await readFile(junit, "utf8");
    expect(xml).toContain('<failure type="metric" message="datastore_calls:');
    expect(xml.match(/<testcase /g)!.length).toBeGreaterThan(20);
    expect(JSON.parse(await readFile(json, "utf8"))).toMatchObject({ passed: false });
  });

  it("accepts a change with its reason: one metric, then the rest", async () => {
    const file = await otherCalls();
    const one = ["--metric", "datastore_calls", "--reason", "another client"];
    const { stdout } = await gate("accept", "--baseline", file, ...one);
    expect(stdout).toMatch(/accepted +small: datastore_calls: \d+ → \d+/);
    expect((await gate("check", "--baseline", file)).exitCode).toBe(1);
    await gate("accept", "--baseline", file, "--reason", "order of calls");
    expect((await gate("check", "--baseline", file)).exitCode).toBe(0);
    const [entry] = (await readBaseline(file)).entries;
    expect(entry!.accepted.map(({ metric, reason }) => ({ metric, reason }))).toEqual([
      { metric: "datastore_calls", reason: "another client" },
      { metric: "calls", reason: "order of calls" },
    ]);
  });

  it("refuses a baseline of another scenario, an edited one, and another machine's throughput", async () => {
    const other = join(folder, "other.yaml");
    await writeFile(other, SCENARIO.replace("count: 4", "count: 3"));
    const moved = await changed("moved.json", () => ({ file: other }));
    const edited = await changed("edited.json", () => ({ release: "v3.32.1" }));
    const foreign = await changed("foreign.json", () => ({
      throughput: {
        machine: { ...thisMachine(), cpu: "abacus" },
        ratios: [1],
      },
    }));
    for (const [file, text] of [
      [moved, "was recorded of another scenario"],
      [edited, "provenance hash"],
      [foreign, "was recorded on another machine (abacus"],
    ] as const) {
      const { exitCode, stderr } = await gate("check", "--baseline", file);
      expect(stderr).toContain(text);
      expect(exitCode).toBe(2);
    }
    expect((await gate("check", "--baseline", foreign, "--no-throughput")).exitCode).toBe(0);
  });

  it("says of a baseline that another version wrote what to do", async () => {
    const { ipamlab, entries } = await readBaseline();
    const file = join(folder, "old.json");
    const old = { ipamlab: { ...ipamlab, documentVersion: 1 }, entries };
    await writeFile(file, JSON.stringify(old));
    const { exitCode, stderr } = await gate("check", "--baseline", file);
    expect(stderr).toContain("old.json: ipamlab.documentVersion: ");
    expect(stderr).toContain("another version wrote it: make it anew");
    expect(exitCode).toBe(2);
  });

  it("records another release next to the first, and keeps both", async () => {
    const file = join(folder, "two.json");
    await gate("record", scenario, "--baseline", file);
    await gate("record", scenario, "--release", "v3.32.1", "--baseline", file);
    const { entries } = await readBaseline(file);
    expect(entries.map(({ release }) => release)).toEqual(["v3.28.4", "v3.32.1"]);
    expect((await gate("check", "--baseline", file)).exitCode).toBe(0);
  });

  it.each([
    [["record"], "record needs a scenario"],
    [["accept"], "accept needs --reason"],
    [["check", "--reason", "x"], "--reason goes with accept"],
    [["check", "--baseline", "package.json"], "is not a baseline"],
    [["check", "--baseline", "nowhere.json"], "nowhere.json"],
  ])("refuses %j", async (argv, text) => {
    const { exitCode, stderr } = await gate(...argv);
    expect(stderr).toContain(text);
    expect(exitCode).toBe(2);
  });

  it("has a published schema of its file, and an action that runs it", async () => {
    const published = await readFile("docs/baseline.schema.json", "utf8");
    expect(JSON.parse(published)).toEqual(baselineJsonSchema());
    const action = parse(await readFile(".github/actions/gate/action.yml", "utf8")) as {
      runs: { using: string; steps: { run?: string; shell?: string }[] };
    };
    expect(action.runs.using).toBe("composite");
    const steps = action.runs.steps.filter(({ run }) => run !== undefined);
    expect(steps.every(({ shell }) => shell === "bash")).toBe(true);
    expect(steps.at(-1)!.run).toContain('gate check "${scenarios[@]}"');
  });
});
