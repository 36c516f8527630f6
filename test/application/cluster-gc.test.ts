import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { readScenario } from "../../src/application/read-scenario.js";
import { simulateScenario } from "../../src/application/simulate-scenario.js";

const SECOND = 1e6;

async function run(text: string) {
  const scenario = await readScenario("-", {
    stdin: Readable.from([Buffer.from(`ipamlab: 1\n${text}`)]),
  });
  const result = await simulateScenario(scenario, { version: "test" });
  return { result, cluster: result.cluster! };
}

/**
 * An outage of the server while pods start: some have an IPv4 address when the request for the IPv6 one
 * is refused, and so is the DEL after that.
 */
const OUTAGE = `
release: v3.28.4
pools: [{ name: v4, cidr: 10.78.0.0/16 }, { name: v6, cidr: "fd00::/64" }]
nodes: { count: 30 }
simulation: { model: cluster, duration: 20m }
datastore: { reads: 20ms, writes: 20ms, disturbances: [{ from: 900ms, duration: 1m }] }
gc: { gracePeriod: 4m }
workload: [{ executor: burst, pods: 90, within: 500ms }]
`;

const withGc = (gc: string) => OUTAGE.replace("gracePeriod: 4m", gc);

describe("garbage collection in the cluster model", () => {
  it("reclaims leaked addresses of living nodes after the grace period, but no handle without address", async () => {
    const { cluster, result } = await run(OUTAGE);
    const leaked = Math.max(...cluster.leaks.addresses.map(({ peak }) => peak));
    expect(leaked).toBeGreaterThan(10);
    expect(cluster.gc).toMatchObject({ reclaimed: leaked, starts: 1, release: null });
    expect(cluster.gc!.candidates).toMatchObject({ final: 0, peak: leaked });
    expect(cluster.gc!.lagUs!.count).toBe(leaked);
    expect(cluster.gc!.lagUs!.min).toBeGreaterThan(240 * SECOND);
    expect(result.leaks).toEqual({ addresses: 0, handles: expect.any(Number) as number });
    expect(result.leaks.handles).toBeGreaterThan(0);
  });

  it("leaves them where they are when there is no collector, or no grace period", async () => {
    const { cluster, result } = await run(withGc("enabled: false"));
    expect(cluster.gc).toBeNull();
    expect(result.leaks.addresses).toBeGreaterThan(10);
    const { cluster: off } = await run(withGc("gracePeriod: 0s"));
    expect(off.gc!.reclaimed).toBe(0);
  });

  it("comes later when the collector was away, since another one starts to wait anew", async () => {
    const { cluster } = await run(withGc("gracePeriod: 4m, outages: [{ from: 5m, duration: 5m }]"));
    expect(cluster.gc!.starts).toBe(2);
    expect(cluster.gc!.reclaimed).toBeGreaterThan(10);
    expect(cluster.gc!.lagUs!.min).toBeGreaterThan((10 + 4 - 1) * 60 * SECOND);
  });

  it("is slowed down by its clients' limits at v3.28.4, and not at v3.31.0", async () => {
    const spread = ({ cluster }: Awaited<ReturnType<typeof run>>) =>
      cluster.gc!.lagUs!.max - cluster.gc!.lagUs!.min;
    const slow = spread(await run(OUTAGE));
    const fast = spread(await run(withGc("gracePeriod: 4m, release: v3.31.0")));
    expect(slow).toBeGreaterThan(10 * SECOND);
    expect(fast).toBeLessThan(SECOND);
  });

  it("takes all of a node that is gone from Kubernetes at once", async () => {
    const { cluster, result } = await run(`
release: v3.28.4
pools: [{ name: default, cidr: 10.78.0.0/16, ipipMode: Always }]
nodes: { count: 2 }
simulation: { model: cluster, duration: 10m }
workload:
  - { executor: burst, pods: 60 }
  - { executor: spot-kill, nodes: 1, startAfter: 2m, deleteAfter: 1m }
`);
    // 30 addresses of pods, and the tunnel's, of which the network keeps no age.
    expect(cluster.gc!.reclaimed).toBe(31);
    expect(cluster.gc!.lagUs!.max).toBeLessThan(120 * SECOND);
    expect(result.leaks).toEqual({ addresses: 0, handles: 0 });
    expect(result.blocks.final).toBe(1);
  });

  it("takes no address from a living pod in hours of churn", async () => {
    const { cluster, result } = await run(`
release: v3.30.0
pools: [{ name: default, cidr: 10.78.0.0/20 }]
nodes: { count: 5 }
simulation: { model: cluster, duration: 1h }
gc: { gracePeriod: 1m }
workload:
  - { executor: constant-arrival-rate, rate: 1, duration: 55m, lifetime: { distribution: exponential, mean: 3m } }
`);
    expect(result.pods.started).toBeGreaterThan(3000);
    expect(cluster.gc!.reclaimed).toBe(0);
    expect(result.leaks).toEqual({ addresses: 0, handles: 0 });
  });
});

describe("nodes of a pool with tunnels", () => {
  const joining = (pools: string, extra = "") => `
release: v3.28.4
pools: [${pools}]
nodes: { count: 2 }
simulation: { model: cluster, duration: 10m }
${extra}
workload:
  - { executor: node-join, nodes: 1, startAfter: 1m }
  - { executor: burst, pods: 6, startAfter: 2m }
`;

  it("hold an address each, which is no leak", async () => {
    const { cluster, result } = await run(
      joining("{ name: default, cidr: 10.78.0.0/24, ipipMode: Always }"),
    );
    expect(cluster.nodeStarts).toEqual({ succeeded: 1, failed: 0 });
    expect(cluster.leaks.addresses.every(({ peak }) => peak === 0)).toBe(true);
    expect(cluster.gc!.reclaimed).toBe(0);
    expect(result.blocks.final).toBe(3);
  });

  it("start again and again where no address is left", async () => {
    const { cluster } = await run(
      joining("{ name: default, cidr: 10.78.0.0/31, blockSize: 31, ipipMode: Always }"),
    );
    expect(cluster.nodeStarts.failed).toBeGreaterThan(4);
    expect(cluster.events.map(({ text }) => text).join()).toContain(
      "calico-node: Unable to autoassign an IPv4 address: Assigned 0 out of 1",
    );
  });
});

describe("a scenario", () => {
  it.each([
    [
      "with gc but without nodes around the allocator",
      "pools: [{ name: p, cidr: 10.0.0.0/16 }]\nnodes: { count: 1 }\ngc: {}",
      "goes only with simulation.model: cluster",
    ],
    [
      "with tunnels in the allocator model",
      "pools: [{ name: p, cidr: 10.0.0.0/16, vxlanMode: Always }]\nnodes: { count: 1 }",
      "leave vxlanMode out",
    ],
    [
      "with outages that touch",
      "pools: [{ name: p, cidr: 10.0.0.0/16 }]\nnodes: { count: 1 }\n" +
        "simulation: { model: cluster, duration: 1m }\n" +
        "gc: { outages: [{ from: 1s, duration: 9s }, { from: 10s, duration: 1s }] }",
      "must not touch each other",
    ],
    [
      "with an unknown release of the collector",
      "pools: [{ name: p, cidr: 10.0.0.0/16 }]\nnodes: { count: 1 }\n" +
        "simulation: { model: cluster, duration: 1m }\ngc: { release: v3.28.9 }",
      'unknown release "v3.28.9"',
    ],
  ])("%s is refused", async (_, text, message) => {
    const workload = "workload: [{ executor: burst, pods: 1 }]";
    await expect(run(`release: v3.28.4\n${text}\n${workload}`)).rejects.toThrow(message);
  });
});
