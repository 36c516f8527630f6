import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  SimulationResultSchema,
  simulationResultJsonSchema,
} from "../../../src/formats/result/simulation-result.js";
import { BrokenFixtures } from "../../formats/broken-fixtures.js";
import { runCommand } from "../run-command.js";

const QUICKSTART = "scenarios/quickstart.yaml";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simulate-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe("ipamlab simulate", () => {
  it("prints the summary of the quickstart", async () => {
    const { exitCode, stdout } = await runCommand("simulate", QUICKSTART);
    expect(stdout).toContain("operations      14,510: 7,255 assignments, 7,255 releases\n");
    expect(stdout).toContain("success         100.000 % of assignments, 0 failed\n");
    expect(stdout).toContain("blocks          1,024 claimed");
    expect(stdout).toMatch(/v3\.28\.4 rests on Calico.s code/);
    expect(exitCode).toBe(0);
  });

  it("writes a result document that its published schema describes", async () => {
    const file = join(folder, "result.json");
    await runCommand("simulate", QUICKSTART, "--json", file);
    const result: unknown = JSON.parse(await readFile(file, "utf8"));
    expect(SimulationResultSchema.parse(result)).toEqual(result);
    const published = await readFile("docs/simulation-result.schema.json", "utf8");
    expect(JSON.parse(published)).toEqual(simulationResultJsonSchema());
  });

  it("gives the same bytes for the same seed", async () => {
    const first = await runCommand("simulate", QUICKSTART, "--json", "-");
    const second = await runCommand("simulate", QUICKSTART, "--json", "-");
    expect(first.stdout).toBe(second.stdout);
  });

  it("performs a run up to one step and tells what happened there", async () => {
    const file = join(folder, "steps.json");
    const { exitCode, stdout } = await runCommand(
      ...["simulate", "borrowed-addresses", "--replay-step", "20", "--json", file],
    );
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ +20 {2}9\.500000 s {2,}pod default\/web-19 has its network$/m);
    expect(stdout).toContain("stopped at step 20; every check held");
    const told = JSON.parse(await readFile(file, "utf8")) as { step: number; performed: number };
    expect(told).toMatchObject({ step: 20, performed: 20 });
  });

  it.each([
    ["at rest", "10m", 0],
    ["FAILED: not at rest", "1s", 1],
  ])("lets a cluster come to rest, %s within %s", async (verdict, within, expected) => {
    const { exitCode, stdout } = await runCommand(
      ...["simulate", "hundred-replicas-one-node", "--set", "simulation.duration=150s"],
      ...["--set", "thresholds=[]", "--set", `simulation.liveness.within=${within}`],
      ...["--set", "datastore.reads=200ms"],
    );
    expect(stdout).toContain(`liveness        ${verdict}`);
    expect(exitCode).toBe(expected);
  });

  it("tells failures by Calico's own text, with the first of each", async () => {
    const file = join(folder, "small.yaml");
    const trace = join(process.cwd(), "scenarios/traces/openb_pod_list_default.csv");
    await writeFile(
      file,
      [
        "ipamlab: 1",
        "name: small",
        "release: v3.28.4",
        "pools: [{ name: p, cidr: 10.0.0.0/27, blockSize: 28 }]",
        "ipamConfig: { strictAffinity: true }",
        "nodes: { count: 3 }",
        `workload: [{ executor: trace, file: ${trace}, placement: round-robin }]`,
      ].join("\n"),
    );
    const { exitCode, stdout } = await runCommand("simulate", file);
    expect(stdout).toMatch(
      /[\d,]+ × Assigned 0 out of 1 requested IPv4 addresses; No more free affine blocks and strict affinity enabled\n +first after .*: pod openb-pod-0002 on node-0002\n/,
    );
    expect(stdout).toMatch(
      /fragmented +\d+ free addresses in claimed blocks, \d+ of them out of reach/,
    );
    expect(exitCode).toBe(0);
  });

  it("says that a run on pre-3.28.4 rests on a write-up", async () => {
    const { stdout } = await runCommand("simulate", QUICKSTART, "--release", "pre-3.28.4");
    expect(stdout).toMatch(/pre-3\.28\.4 rests on a write-up about v3\.28\.4, not Calico.s\s+code/);
  });

  it.each([
    [["--release", "v3.28.9"], 'ipamlab: --release: unknown release "v3.28.9"'],
    [
      ["--json", "no/such/folder/result.json"],
      "ipamlab: cannot write no/such/folder/result.json: ",
    ],
  ])("%j is refused in one line", async (options, expected) => {
    const { exitCode, stderr, stdout } = await runCommand("simulate", QUICKSTART, ...options);
    expect(stderr).toContain(expected);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(stdout).toBe("");
    expect(exitCode).not.toBe(0);
  });
});

describe("bad input", () => {
  const scenarios = new BrokenFixtures("scenarios");

  // This message lists the releases, which are others here than in the tests of the format.
  const listsReleases = "unknown-release-far.yaml";

  it("an unknown release is told the known ones in short", async () => {
    const { stderr } = await runCommand("simulate", scenarios.path(listsReleases));
    expect(stderr).toContain('unknown release "latest"; known are v3.27.0 to v3.32.1, pre-3.28.4');
  });

  it.each(scenarios.files(".yaml").filter((name) => name !== listsReleases))(
    "scenario %s: its faults, exit code 2, and no result file",
    async (name) => {
      const out = join(folder, "broken.json");
      const path = scenarios.path(name);
      const { exitCode, stderr, stdout } = await runCommand("simulate", path, "--json", out);
      const expected = await readFile(path.replace(/\.yaml$/, ".expected"), "utf8");
      const shown = stderr.replaceAll("test/fixtures/broken/scenarios/", "");
      expect(shown).toBe(expected.replaceAll(/^/gm, "ipamlab: ").replace(/ipamlab: $/, ""));
      expect(stdout).toBe("");
      expect(exitCode).toBe(2);
      expect((await readdir(folder)).filter((entry) => entry.startsWith("broken"))).toEqual([]);
    },
  );

  const traces = new BrokenFixtures("traces");
  const broken = [...traces.files(".csv"), ...traces.files(".csv.gz")].filter(
    (name) => name !== "good.csv",
  );

  it.each(broken)("trace %s: its fault, exit code 2, and no result file", async (name) => {
    const out = join(folder, "broken.json");
    const scenario = join(folder, "scenario.yaml");
    const format = name.startsWith("google") ? "google2011" : "auto";
    await writeFile(
      scenario,
      [
        "ipamlab: 1",
        "name: broken",
        "release: v3.28.4",
        "pools: [{ name: p, cidr: 10.0.0.0/16 }]",
        "nodes: { count: 3 }",
        "workload:",
        `  - { executor: trace, file: ${join(process.cwd(), traces.path(name))}, ` +
          `format: ${format}, placement: round-robin }`,
      ].join("\n"),
    );
    const { exitCode, stderr, stdout } = await runCommand("simulate", scenario, "--json", out);
    expect(stderr).toMatch(/^ipamlab: .+\n$/);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
    expect((await readdir(folder)).filter((entry) => entry.startsWith("broken"))).toEqual([]);
  });
});
