import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { simulateScenario } from "../../src/application/simulate-scenario.js";
import { findProfile } from "../../src/releases/profiles.js";
import { readScenario } from "../../src/application/read-scenario.js";

/** One node, many pods at once, and a datastore that takes its time. */
const BURST = `
ipamlab: 1
release: v3.28.4
pools: [{ name: default, cidr: 10.78.0.0/16 }]
nodes: { count: 1 }
simulation: { model: cluster, duration: 20m }
datastore: { reads: 258ms, writes: 258ms, perListedObject: 0us }
workload: [{ executor: burst, pods: 60, within: 1800ms }]
`;

async function run(text: string, release?: string) {
  const profile = release === undefined ? undefined : findProfile(release);
  const scenario = await readScenario("-", { stdin: Readable.from([Buffer.from(text)]) });
  const result = await simulateScenario(scenario, { version: "test", profile });
  return { result, cluster: result.cluster! };
}

describe("model: cluster", () => {
  it("lets the ADDs behind a slow lock time out at v3.28.4, and the kubelet try again", async () => {
    const { cluster, result } = await run(BURST);
    expect(cluster.adds).toMatchObject({ succeeded: 60, failed: 26, underWay: 0 });
    expect(cluster.dels).toEqual({ succeeded: 26, failed: 0 });
    expect(cluster.attemptsPerPod?.max).toBe(2);
    expect(cluster.events[0]?.text).toContain('plugin type="calico" failed (add)');
    expect(cluster.lock.queuePeak).toBe(59);
    expect(cluster.podsWithoutNetwork.final).toBe(0);
    expect(result.addresses.final).toBe(60);
    expect(result.leaks).toEqual({ addresses: 0, handles: 0 });
  });

  it("serves all of them at the first try at v3.29.7, whose timer starts behind the lock", async () => {
    const { cluster } = await run(BURST, "v3.29.7");
    expect(cluster.adds).toMatchObject({ succeeded: 60, failed: 0 });
    expect(cluster.addUs.succeeded!.max).toBeGreaterThan(120e6);
  });

  it("makes all nodes wait for one lock in the modelled pre-3.28.4, and not after it", async () => {
    const text = BURST.replace("count: 1 }", "count: 60 }").replaceAll("258ms", "20ms");
    const before = await run(text, "pre-3.28.4");
    const after = await run(text, "post-3.28.4");
    expect(before.cluster.lock.clusterQueuePeak).toBeGreaterThan(20);
    expect(after.cluster.lock.clusterQueuePeak).toBe(0);
    expect(before.cluster.readyUs!.p99).toBeGreaterThan(3 * after.cluster.readyUs!.p99);
  });

  it.each([
    ["kubernetes", 14],
    ["etcd", 8],
  ])("asks the server per ADD as the %s datastore does", async (mode, least) => {
    const text = BURST.replace("{ reads: 258ms", `{ mode: ${mode}, reads: 1ms`);
    const { cluster } = await run(text);
    expect(cluster.adds.failed).toBe(0);
    expect(cluster.requests.perAdd!.min).toBeGreaterThanOrEqual(least);
    const total = cluster.requests.byRequest.reduce((sum, { count }) => sum + count, 0);
    expect(total).toBe(cluster.requests.total);
  });

  it("fails ADDs while the server is down and recovers after it", async () => {
    const text = BURST.replaceAll("258ms", "5ms").replace(
      "perListedObject: 0us",
      "disturbances: [{ from: 500ms, duration: 20s }]",
    );
    const { cluster } = await run(text);
    expect(cluster.adds.failed).toBeGreaterThan(30);
    expect(cluster.events[0]?.text).toContain("connection refused");
    expect(cluster.podsWithoutNetwork.final).toBe(0);
  });

  it("leaves behind what the pods of a killed machine held", async () => {
    const { result } = await run(`
ipamlab: 1
release: v3.28.4
pools: [{ name: default, cidr: 10.78.0.0/16 }]
nodes: { count: 2 }
simulation: { model: cluster, duration: 5m }
workload:
  - { executor: burst, pods: 60 }
  - { executor: spot-kill, nodes: 1, startAfter: 2m }
`);
    expect(result.leaks).toEqual({ addresses: 30, handles: 0 });
    expect(result.pods.dropped).toBe(30);
    expect(result.cluster?.leaks.addresses.at(-1)?.last).toBe(30);
  });

  it("gives the same result for the same seed, other draws for another", async () => {
    const text = BURST.replace("reads: 258ms", "reads: { distribution: exponential, mean: 200ms }");
    const first = await run(text);
    expect(await run(text)).toEqual(first);
    const other = await run(`${text}\nseed: 2`);
    expect(other.cluster.readyUs).not.toEqual(first.cluster.readyUs);
  });

  it("takes longer for lists by their bytes, and tells which sizes it assumes", async () => {
    const assumed = "ipamblocks 2577, blockaffinities 223, ipamhandles 271, ippools 199";
    const text = BURST.replaceAll("258ms", "5ms");
    const byBytes = text.replace("perListedObject: 0us", "perListedMegabyte: 500s");
    const [without, slow] = [await run(text), await run(byBytes)];
    expect(slow.cluster.assumptions[0]).toContain("500000 ms for each million bytes listed");
    expect(slow.cluster.assumptions[0]).toContain(assumed);
    expect(without.cluster.assumptions[0]).not.toContain("bytes");
    expect(slow.cluster.readyUs!.p50).toBeGreaterThan(2 * without.cluster.readyUs!.p50);
  });
});
