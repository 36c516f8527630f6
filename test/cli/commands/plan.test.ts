import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PlanResultSchema, planResultJsonSchema } from "../../../src/formats/result/plan-result.js";
import { runCommand } from "../run-command.js";

let folder: string;
let scenario: string;

/** 32 addresses, 24 pods at a time on average: they run out now and then. */
const TIGHT = [
  "ipamlab: 1",
  "name: tight",
  "release: v3.28.4",
  "seed: '7'",
  "pools: [{ name: p, cidr: 10.0.0.0/27, blockSize: 29 }]",
  "nodes: { count: 3 }",
  "workload:",
  "  - executor: poisson",
  "    rate: 48",
  "    timeUnit: 1h",
  "    duration: 4h",
  "    lifetime: { distribution: exponential, mean: 30m }",
];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "plan-"));
  scenario = join(folder, "tight.yaml");
  await writeFile(scenario, TIGHT.join("\n"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

const plan = (...options: string[]) =>
  runCommand("plan", scenario, "--workers", "1", "--runs", "60", "--no-headroom", ...options);

describe("ipamlab plan", () => {
  it("tells the risk with its interval, by reason, and when", async () => {
    const { exitCode, stdout, stderr } = await plan();
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^risk +\d+\.\d % \(\d+\.\d % to \d+\.\d %\)/m);
    expect(stdout).toContain("  pool exhausted: ");
    expect(stdout).toContain("No IPs available in pools: [10.0.0.0/27]");
    expect(stdout).toMatch(/^first failure +.*% not within 4 h$/m);
    expect(stdout).toMatch(/agrees\s+with\s+the\s+protocol\s+at\s+\d+\s+decisions/);
    expect(stdout.split("\n").length).toBeLessThan(40);
  });

  it("writes a document that its published schema describes", async () => {
    const { stdout } = await plan("--json", "-");
    const result: unknown = JSON.parse(stdout);
    expect(PlanResultSchema.parse(result)).toEqual(result);
    const published = await readFile("docs/plan-result.schema.json", "utf8");
    expect(JSON.parse(published)).toEqual(planResultJsonSchema());
  });

  it("gives the same bytes for the same seed, other ones for another", async () => {
    const first = await plan("--json", "-");
    expect((await plan("--json", "-")).stdout).toBe(first.stdout);
    expect((await plan("--json", "-", "--seed", "8")).stdout).not.toBe(first.stdout);
  });

  it("names the seed with which simulate shows the same failure", async () => {
    const { stdout } = await plan("--json", "-");
    const [kind] = PlanResultSchema.parse(JSON.parse(stdout)).kinds;
    const { seed, text, node, timeUs } = kind!.example;
    const shown = await runCommand("simulate", scenario, "--seed", seed, "--json", "-");
    expect(JSON.parse(shown.stdout)).toMatchObject({
      operations: { failures: [{ reason: text, firstNode: node, firstTimeUs: timeUs }] },
    });
  });

  it("counts nodes that join by growth, and their tunnel addresses", async () => {
    const given = ["--grow", "nodes=100%/day", "--horizon", "2d", "--tunnels"];
    const { stdout } = await plan("--json", "-", ...given);
    const { inputs, groups } = PlanResultSchema.parse(JSON.parse(stdout));
    expect(inputs).toMatchObject({ nodes: 3, nodesJoining: 9, hasTunnels: true });
    expect(groups).toMatchObject([{ name: "all nodes", nodes: 12 }]);
  });

  it("draws uncertain inputs anew in each run", async () => {
    const sure = PlanResultSchema.parse(JSON.parse((await plan("--json", "-")).stdout));
    const given = ["--range", "pods=0.2..1.5", "--range", "nodes=2..6"];
    const { stdout } = await plan("--json", "-", ...given);
    const unsure = PlanResultSchema.parse(JSON.parse(stdout));
    expect(unsure.inputs.ranges).toEqual([
      { input: "pods", low: 0.2, high: 1.5 },
      { input: "nodes", low: 2, high: 6 },
    ]);
    const width = ({ addressesPeak }: typeof sure) => addressesPeak.p95 - addressesPeak.p50;
    expect(width(unsure)).toBeGreaterThan(width(sure));
  });

  it("recommends a choice, and tells headroom, what moves the risk, and theory", async () => {
    const given = ["--headroom", "--risk", "5%", "--sensitivity", "--rare", "--probe-runs", "20"];
    const { stdout } = await plan(...given);
    expect(stdout).toMatch(/^headroom +.*: risk within 5\.0 %$/m);
    expect(stdout).toMatch(/^rare event +\d/m);
    expect(stdout).toMatch(/^> +pool \/26 instead of \/27 .* yes /m);
    expect(stdout).toMatch(/^recommended +pool \/26 instead of \/27: addresses are added/m);
    expect(stdout).toMatch(/^ {2}pods +0\.800 to 1\.20 +·*█+·* .* mu\* /m);
    expect(stdout).toMatch(/^theory +Erlang loss formula: .* simulated/m);
    expect(stdout).toMatch(/^theory +first loss of an Erlang system: .* simulated/m);
    const { stdout: document } = await plan(...given, "--json", "-");
    const result: unknown = JSON.parse(document);
    expect(PlanResultSchema.parse(result)).toEqual(result);
  });

  it("counts time-outs of a scenario with model: cluster, unless timing is to be ignored", async () => {
    const slow = "scenarios/planning/slow-api-server.yaml";
    const given = ["plan", slow, "--runs", "6", "--no-headroom", "--workers", "1"];
    const { stdout } = await runCommand(...given);
    expect(stdout).toMatch(/^risk .* that an ADD fails within the horizon$/m);
    expect(stdout).toMatch(/^ {2}time-out: /m);
    expect(stdout).toContain("Monte Carlo on the cluster model");
    const counted = await runCommand(...given, "--ignore-timing");
    expect(counted.stdout).toContain("reduced to counts");
    expect(counted.stdout).not.toContain("time-out:");
    const refused = await runCommand(...given, "--rare");
    expect(refused.stderr).toContain("not supported with model: cluster: --rare");
    expect(refused.exitCode).toBe(2);
  });

  it.each([
    [["--risk", "2"], "--risk: expected a probability such as 1% or 0.001"],
    [["--rare", "--range", "pods=0.5..2"], "not supported: rare events of uncertain inputs"],
    [["--grow", "nodes=5%"], "--grow: expected growth such as nodes=5%/month"],
    [["--range", "nodes=3"], "--range: expected a range such as nodes=300..420"],
    [["--range", "nodes=1.5..3"], "--range: expected a range such as nodes=300..420"],
    [["--horizon", "soon"], '--horizon: expected a duration such as 90d or 12h, got "soon"'],
    [["--release", "v9"], "--release"],
  ])("refuses %j", async (options, message) => {
    const { exitCode, stdout, stderr } = await plan(...options);
    expect(stderr).toContain(message);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });
});
