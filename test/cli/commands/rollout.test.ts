import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type RolloutResult,
  RolloutResultSchema,
  rolloutResultJsonSchema,
} from "../../../src/formats/result/rollout-result.js";
import { runCommand } from "../run-command.js";

/** Six nodes, the last of them at the edge, and a pod every two seconds on a slow datastore. */
const CLUSTER = `ipamlab: 1
release: v3.28.4
simulation: { model: cluster, duration: 12m }
pools: [{ name: pool, cidr: 10.0.0.0/16 }]
nodes:
  list: [{ name: e, labels: { site: edge } }, { name: a }, { name: b }, { name: c }, { name: d }, { name: f }]
datastore: { reads: 100ms, writes: 200ms }
workload:
  - { executor: constant-arrival-rate, rate: 0.5, duration: 12m, lifetime: 40s, placement: random }
`;

/** Two nodes that ask for more than their blocks hold, once a third of the pods has come. */
const STRICT = `ipamlab: 1
release: v3.28.4
pools: [{ name: pool, cidr: 10.0.0.0/24 }]
nodes: { count: 4 }
workload: [{ executor: constant-arrival-rate, rate: 1, duration: 10m, lifetime: 20s }]
`;

let folder: string;
let cluster: string;
let allocator: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rollout-"));
  cluster = join(folder, "cluster.yaml");
  allocator = join(folder, "allocator.yaml");
  await writeFile(cluster, CLUSTER);
  await writeFile(allocator, STRICT);
});
afterAll(() => rm(folder, { recursive: true }));

const EDGE = ["--edge", "site == 'edge'", "--soak", "60s"];
const WORSE = ["--from", "post-3.28.4", "--to", "pre-3.28.4", "--waves", "1,40%", ...EDGE];

async function rollout(...argv: string[]) {
  const { exitCode, stdout, stderr } = await runCommand("rollout", ...argv, "--json", "-");
  expect(stderr).toBe("");
  return { exitCode, stdout, result: JSON.parse(stdout) as RolloutResult };
}

describe("ipamlab rollout", () => {
  it("upgrades control plane, nodes in waves and edge nodes, and completes", async () => {
    const argv = [cluster, "--from", "v3.28.4", "--to", "v3.29.7", "--waves", "1,40%", ...EDGE];
    const { exitCode, result } = await rollout(...argv);
    expect(result.verdict).toBe("completed");
    expect(exitCode).toBe(0);
    expect(result.waves.map(({ name, nodes }) => [name, nodes])).toEqual([
      ["before", []],
      ["control plane", []],
      ["nodes 1", ["a"]],
      ["nodes 2", ["b", "c"]],
      ["nodes 3", ["d", "f"]],
      ["edge nodes", ["e"]],
    ]);
    expect(result.waves.map(({ nodesOnTarget }) => nodesOnTarget)).toEqual([0, 0, 1, 3, 5, 6]);
    expect(result.waves.map(({ health }) => health.fromUs / 60e6)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(result.controllersRelease).toBe("v3.29.7");
    expect(result.nodesByRelease).toEqual([
      { release: "v3.28.4", nodes: 0 },
      { release: "v3.29.7", nodes: 6 },
    ]);
  });

  it("takes an upgrade for the worse back, and says what is left; the same at any time", async () => {
    const [first, second] = [await rollout(cluster, ...WORSE), await rollout(cluster, ...WORSE)];
    expect(second.stdout).toBe(first.stdout);
    const { exitCode, result } = first;
    expect([exitCode, result.verdict]).toEqual([1, "rolled back"]);
    expect(result.failure).toMatchObject({
      wave: "nodes 2",
      thresholds: [{ check: "pod_network_ready: p(99) <= 5s", passed: false }],
    });
    const [broken, after] = result.waves.slice(-2);
    expect(broken!.health.readyUs!.p99).toBeGreaterThan(5e6);
    expect(broken!.withoutRollout!.readyUs!.p99).toBeLessThan(5e6);
    expect(after).toMatchObject({ name: "after the rollback", nodesOnTarget: 0, thresholds: [] });
    expect(result.nodesByRelease[0]).toEqual({ release: "post-3.28.4", nodes: 6 });
    expect(result.controllersRelease).toBe("post-3.28.4");
    expect(result.left.map(({ metric }) => metric)).toContain("leaked_addresses");
    // Until the first wave, the run is the one without a rollout.
    expect(result.waves[0]!.health).toEqual(result.waves[0]!.withoutRollout);
    expect(RolloutResultSchema.parse(result)).toEqual(result);
  });

  it("pauses with both releases in the cluster", async () => {
    const { exitCode, result } = await rollout(cluster, ...WORSE, "--on-failure", "pause");
    expect([exitCode, result.verdict]).toEqual([1, "paused"]);
    expect(result.waves.at(-1)!.name).toBe("after the pause");
    expect(result.nodesByRelease.map(({ nodes }) => nodes)).toEqual([3, 3]);
  });

  it("does not begin when a threshold fails before, unless forced", async () => {
    const argv = [cluster, ...WORSE, "--threshold", "pod_network_ready: p(99) < 1s"];
    const refused = await rollout(...argv);
    expect([refused.exitCode, refused.result.verdict]).toEqual([1, "not begun"]);
    const forced = await rollout(...argv, "--force", "--threshold", "success_rate > 50%");
    expect(forced.result.settings.notWatched).toEqual(["pod_network_ready: p(99) < 1s"]);
    expect(forced.result.verdict).toBe("completed");
  });

  it("prints waves, curves, what is left and what the releases rest on", async () => {
    const { stdout, exitCode } = await runCommand("rollout", cluster, ...WORSE);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^verdict +ROLLED BACK to post-3.28.4: pod_network_ready/m);
    expect(stdout).toMatch(/^nodes 2 .* FAILED$/m);
    expect(stdout).toMatch(/^after the rollback .* 0 of 6 .* not judged$/m);
    expect(stdout).toContain("p99 to pod network ready, ms\n");
    expect(stdout).toMatch(/^leaked_addresses +\d+ +\d+ +\d+$/m);
    expect(stdout).toContain("pre-3.28.4 rests on a write-up");
  });

  it("works on the allocator model, without control plane and times", async () => {
    const { result } = await rollout(allocator, "--from", "v3.28.4", "--to", "v3.32.1");
    expect(result.verdict).toBe("completed");
    expect(result.waves.map(({ name }) => name)).toEqual([
      "before",
      "nodes 1",
      "nodes 2",
      "nodes 3",
    ]);
    expect(result.settings.thresholds).toEqual(["success_rate >= 99%"]);
    expect(result.notes.join()).toContain("has no control plane");
  });

  it("gives nodes that join during the rollout the new release", async () => {
    const joining = join(folder, "joining.yaml");
    const join3 = "  - { executor: node-join, startAfter: 150s, nodes: 2 }\n";
    await writeFile(joining, CLUSTER + join3);
    const argv = [joining, "--from", "v3.28.4", "--to", "v3.29.7", "--waves", "1", ...EDGE];
    const { result } = await rollout(...argv);
    const last = result.waves.at(-1)!;
    expect(last.nodesOnTarget).toBe(last.nodesInAll);
    expect(last.nodesInAll).toBe(8);
  });

  it.each([
    [["--to", "v3.29.9"], '--to: unknown release "v3.29.9"'],
    [["--waves", "1,x"], "--waves: expected numbers or percentages"],
    [["--edge", "site ="], "--edge:"],
    [["--threshold", "blocks_claimed < 3"], 'unknown metric "blocks_claimed"'],
    [["--soak", "soon"], "--soak: expected a duration"],
  ])("refuses %j", async (argv, text) => {
    const base = [cluster, "--from", "v3.28.4", ...(argv[0] === "--to" ? [] : ["--to", "v3.29.7"])];
    const { exitCode, stderr } = await runCommand("rollout", ...base, ...argv);
    expect(stderr).toContain(text);
    expect(exitCode).toBe(2);
  });

  it("writes a document that its published schema describes", async () => {
    const published = await readFile("docs/rollout-result.schema.json", "utf8");
    expect(JSON.parse(published)).toEqual(rolloutResultJsonSchema());
  });
});
