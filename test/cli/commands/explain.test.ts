import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "../run-command.js";

/** A burst on one node that v3.28.4 does not get through in 90 s: the last pods' first ADDs fail. */
const BURST = `
ipamlab: 1
release: v3.28.4
simulation: { model: cluster, duration: 10m }
pools: [{ name: pool, cidr: 10.0.0.0/16, blockSize: 26 }]
nodes: { count: 1 }
datastore: { reads: 250ms, writes: 250ms }
workload: [{ executor: burst, name: web, startAfter: 1s, pods: 40 }]
`;

interface Leak {
  readonly sandbox: string;
  readonly handle: string;
  readonly hasObject: boolean;
  readonly addresses: readonly string[];
}

let scenario: string;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ipamlab-explain-"));
  scenario = join(folder, "burst.yaml");
  await writeFile(scenario, BURST);
});

describe("ipamlab explain", () => {
  it("tells who held the lock, what timed out, what the kubelet saw and which release differs", async () => {
    const { exitCode, stdout } = await runCommand("explain", scenario, "--slowest", "1");
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^pod default\/web-\d+ on node-0000: wanted at 1\.00 s, .+, 2 ADDs$/m);
    expect(stdout).toMatch(/asks for the node's lock: held by the ADD of web-0, \d+ waiting/);
    expect(stdout).toMatch(/CNI ADD fails after 9\d\.\d s: 8\d\.\d s lock, 0 s limiter/);
    expect(stdout).toMatch(
      /kubelet: Failed to create pod sandbox: .+ failed \(add\): .*context deadline exceeded$/m,
    );
    expect(stdout).toMatch(/kubelet pauses for 1[0-5]\.\d s/);
    expect(stdout).toContain("(try 2)");
    const text = stdout.replace(/\s+/g, " ");
    expect(text).toContain(
      "(cniAddTimer): before the lock in this release, after the lock since v3.29.7, v3.30.4, v3.31.0;",
    );
  });

  it("lists each request once, in order, with the same times as the command's sums", async () => {
    const { stdout } = await runCommand("explain", scenario, "--pod", "web-0", "--json", "-");
    const { pods } = JSON.parse(stdout) as {
      pods: {
        readyUs: number;
        commands: {
          steps: { kind: string; timeUs: number; durationUs: number }[];
          datastoreUs: number;
          requests: number;
          endedUs: number;
        }[];
      }[];
    };
    expect(pods).toHaveLength(1);
    const [add] = pods[0]!.commands;
    const requests = add!.steps.filter(({ kind }) => kind === "request");
    expect(requests).toHaveLength(add!.requests);
    expect(requests.reduce((sum, { durationUs }) => sum + durationUs, 0)).toBe(add!.datastoreUs);
    const startsUs = add!.steps.map(({ timeUs }) => timeUs);
    expect(startsUs).toEqual([...startsUs].sort((a, b) => a - b));
    expect(pods[0]!.readyUs).toBe(add!.endedUs);
  });

  it("counts the pods with a failed ADD, of which a later release has none", async () => {
    const failed = await runCommand("explain", scenario, "--failed", "--limit", "1");
    expect(failed.stdout).toMatch(/^\d+ pods had a failed ADD; the first 1:$/m);
    const later = await runCommand("explain", scenario, "--failed", "--release", "v3.29.7");
    expect(later.stdout).toContain("0 pods had a failed ADD\n");
  });

  it("names every handle that failed ADDs left behind, as many as the run leaks", async () => {
    const incident = "add-lock-queue-leaks-handles";
    const file = join(folder, "failed.json");
    const args = ["--failed", "--limit", "1000", "--json", file];
    const { stdout } = await runCommand("explain", incident, ...args);
    const { pods } = JSON.parse(await readFile(file, "utf8")) as {
      pods: { commands: { sandbox: string; error: string | null }[]; leftBehind: Leak[] }[];
    };
    const leaks = pods.flatMap(({ leftBehind }) => leftBehind);
    for (const { commands, leftBehind } of pods) {
      for (const { sandbox, handle, hasObject, addresses } of leftBehind) {
        expect({ handle, hasObject, addresses }).toEqual({
          handle: `k8s-pod-network.${sandbox}`,
          hasObject: true,
          addresses: [],
        });
        expect(commands.find((each) => each.sandbox === sandbox)!.error).toContain("deadline");
        expect(stdout.replace(/\s+/g, " ")).toContain(
          `left behind handle ${handle} without an address, held by nobody at the end of the run`,
        );
      }
    }
    const simulated = await runCommand("simulate", incident, "--json", "-");
    const { leaks: counted } = JSON.parse(simulated.stdout) as { leaks: { handles: number } };
    expect(leaks).toHaveLength(counted.handles);
    expect(counted.handles).toBeGreaterThan(0);
  });

  it("names the address that a pod of a killed machine still holds, and none of one that ended", async () => {
    const killed = join(folder, "killed.yaml");
    const workload =
      "[{ executor: burst, name: web, pods: 4, lifetime: 1m }, " +
      "{ executor: burst, name: api, pods: 4, startAfter: 90s }, " +
      "{ executor: spot-kill, nodes: 1, startAfter: 2m }]";
    await writeFile(killed, BURST.replace(/workload: .*/, `workload: ${workload}`));
    const { stdout } = await runCommand("explain", killed, "--slowest", "8", "--json", "-");
    const { pods } = JSON.parse(stdout) as { pods: { pod: string; leftBehind: Leak[] }[] };
    expect(pods).toHaveLength(8);
    for (const { pod, leftBehind } of pods) {
      const held = leftBehind.map(({ hasObject, addresses }) => [hasObject, addresses.length]);
      expect(held, pod).toEqual(pod.startsWith("api") ? [[true, 1]] : []);
    }
  });

  it("repeats the run of a stored result, and only of its own scenario", async () => {
    const result = join(folder, "result.json");
    await runCommand("simulate", scenario, "--seed", "7", "--json", result);
    const told = await runCommand("explain", result, "--scenario", scenario, "--json", "-");
    const { pods } = JSON.parse(told.stdout) as { pods: { readyUs: number; intendedUs: number }[] };
    const stored = JSON.parse(await readFile(result, "utf8")) as {
      cluster: { readyUs: { max: number } };
    };
    // Latencies of a result are at most 0.1 % too high.
    const ratio = stored.cluster.readyUs.max / (pods[0]!.readyUs - pods[0]!.intendedUs);
    expect(ratio).toBeGreaterThanOrEqual(1);
    expect(ratio).toBeLessThanOrEqual(1.001);
    const other = join(folder, "other.yaml");
    await writeFile(other, BURST.replace("pods: 40", "pods: 41"));
    const refused = await runCommand("explain", result, "--scenario", other);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain("is not the one that this result was made from");
  });

  it.each([
    ["a pod that does not come up", ["--pod", "nobody"], "no pod nobody comes up"],
    ["two choices", ["--pod", "web-1", "--failed"], "exclude each other"],
  ])("refuses %s", async (_what, args, message) => {
    const { exitCode, stderr } = await runCommand("explain", scenario, ...args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });

  it("refuses a scenario without nodes around the allocator", async () => {
    const { exitCode, stderr } = await runCommand("explain", "quickstart");
    expect(exitCode).toBe(2);
    expect(stderr).toContain("simulation.model: only model: cluster has a story to tell");
  });
});
