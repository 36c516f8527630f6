import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { readScenario } from "../../src/application/read-scenario.js";
import { simulateScenario } from "../../src/application/simulate-scenario.js";
import type { SimulationResult } from "../../src/formats/result/simulation-result.js";
import type { ScenarioInput } from "../../src/formats/scenario/scenario-schema.js";
import { faultsOf } from "../formats/faults-of.js";

type Changes = NonNullable<ScenarioInput["changes"]>;

/** A pool of 16 addresses on two nodes; a pod a second for 24 seconds. */
async function run(changes: Changes, change: object = {}): Promise<SimulationResult> {
  const scenario = {
    ipamlab: 1,
    release: "v3.28.4",
    pools: [{ name: "first", cidr: "10.0.0.0/28", blockSize: 30 }],
    nodes: {
      list: [
        { name: "n1", labels: { rack: "a" } },
        { name: "n2", labels: { rack: "b" } },
      ],
    },
    workload: [{ executor: "constant-arrival-rate", rate: 1, duration: "24s" }],
    changes,
    ...change,
  };
  const stdin = Readable.from([Buffer.from(stringify(scenario))]);
  return simulateScenario(await readScenario("-", { stdin }), { version: "test" });
}

const failed = ({ operations }: SimulationResult) => operations.assignments.failed;
const texts = ({ operations }: SimulationResult) =>
  operations.failures.map(({ reason, count, firstTimeUs }) => [reason, count, firstTimeUs]);

const SECOND = { name: "second", cidr: "10.0.1.0/28", blockSize: 30 };

describe("changes of a run", () => {
  it("without any, the pool ends after sixteen pods", async () => {
    expect(failed(await run([]))).toBe(8);
  });

  it("a pool that is added gives addresses from its time on, and is in the result", async () => {
    const result = await run([{ at: "20s", change: "add-pool", pool: SECOND }]);
    expect(failed(result)).toBe(4);
    expect(result.pools.map(({ name, addressesInUse }) => [name, addressesInUse])).toEqual([
      ["first", 16],
      ["second", 4],
    ]);
  });

  it("a disabled pool gives nothing until it is enabled", async () => {
    const result = await run([
      { at: "4s", change: "disable-pool", pool: "first" },
      { at: "10s", change: "enable-pool", pool: "first" },
    ]);
    expect(texts(result)[0]).toEqual(["cannot find a qualified ippool", 6, 4e6]);
  });

  it("a deleted pool is gone, its addresses stay allocated", async () => {
    const result = await run([{ at: "4s", change: "delete-pool", pool: "first" }]);
    expect(result.pools).toEqual([]);
    expect(result.addresses.final).toBe(4);
    expect(failed(result)).toBe(20);
  });

  it("strict affinity, once set, limits a node to its own blocks", async () => {
    const result = await run([
      { at: "0s", change: "ipam-config", strictAffinity: true, maxBlocksPerHost: 1 },
    ]);
    expect(failed(result)).toBe(16);
  });

  it("nodes that are relabelled use other pools, and take other pods", async () => {
    const pools = [{ name: "first", cidr: "10.0.0.0/26", nodeSelector: "rack == 'a'" }];
    const change: Changes = [
      { at: "12s", change: "relabel-nodes", nodeSelector: "rack == 'b'", labels: { rack: "a" } },
    ];
    expect(failed(await run(change, { pools }))).toBe(6);
    const workload = [
      { executor: "constant-arrival-rate", rate: 1, duration: "24s", nodeSelector: "rack == 'b'" },
    ];
    const result = await run(change, { workload });
    expect(result.workload[0]!.pods).toMatchObject({ started: 12, notStarted: 12 });
  });

  it("nodes go on with another release", async () => {
    const change: Changes = [{ at: "0s", change: "release", release: "v3.32.1" }];
    const asIf = await run([], { release: "v3.32.1" });
    const changed = await run(change);
    expect(texts(changed)).toEqual(texts(asIf));
    const half = await run([{ ...change[0]!, nodeSelector: "rack == 'a'" } as Changes[0]]);
    expect(half.operations.total).toBe(changed.operations.total);
  });

  /** One slow node, and more pods at once than its lock lets through in 90 s. */
  const SLOW_NODE = {
    simulation: { model: "cluster", duration: "30m" },
    nodes: { count: 1 },
    pools: [{ name: "first", cidr: "10.0.0.0/16" }],
    datastore: { reads: "250ms", writes: "250ms" },
    workload: [{ executor: "burst", startAfter: "1m", pods: 60 }],
  };

  it("in the cluster model, the plugin of nodes is replaced by another release", async () => {
    const failedAt = async (at: string, release = "v3.29.7") =>
      failed(await run([{ at, change: "release", release }], SLOW_NODE));
    const [before, after] = [failed(await run([], SLOW_NODE)), await failedAt("30s")];
    expect([before > 10, after]).toEqual([true, 0]);
    // ADDs that wait for the lock already go on as the old release does.
    expect(await failedAt("61s")).toBe(before);
    expect(await failedAt("30s", "v3.28.3")).toBe(before);
  });

  it("in the cluster model, calico-node starts again with its release", async () => {
    const result = await run([{ at: "30s", change: "release", release: "v3.32.1" }], {
      ...SLOW_NODE,
      nodes: { count: 3 },
    });
    expect(result.cluster!.nodeStarts).toEqual({ succeeded: 3, failed: 0 });
  });

  it("nodes of one release wait for one lock of pre-3.28.4, however they came to it", async () => {
    const nodes = { list: ["a", "b"].map((rack) => ({ name: rack, labels: { rack } })) };
    const at = (seconds: number, rack: string): Changes[0] => ({
      at: `${seconds}s`,
      change: "release",
      nodeSelector: `rack == '${rack}'`,
      release: "pre-3.28.4",
    });
    const change = { ...SLOW_NODE, nodes, workload: [{ ...SLOW_NODE.workload[0]!, pods: 8 }] };
    const queue = async (changes: Changes) =>
      (await run(changes, change)).cluster!.lock.clusterQueuePeak;
    expect(await queue([at(10, "a")])).toBe(0);
    expect(await queue([at(10, "a"), at(20, "b")])).toBeGreaterThan(0);
  });

  it("the same at any time gives the same run", async () => {
    const change: Changes = [{ at: "20s", change: "add-pool", pool: SECOND }];
    expect(await run(change)).toEqual(await run(change));
  });

  it.each<[string, unknown[], string[]]>([
    [
      "a pool that is not there yet",
      [
        { at: "5s", change: "disable-pool", pool: "second" },
        { at: "9s", change: "add-pool", pool: SECOND },
      ],
      ['changes[0].pool: there is no pool "second" at this time'],
    ],
    [
      "a pool whose name is taken",
      [{ at: "5s", change: "add-pool", pool: { name: "first", cidr: "10.9.0.0/24" } }],
      ['changes[0].pool.name: there is a pool "first" at this time'],
    ],
    [
      "an overlapping pool",
      [{ at: "5s", change: "add-pool", pool: { name: "x", cidr: "10.0.0.0/24" } }],
      ['10.0.0.0/24 overlaps 10.0.0.0/28 of pool "first"'],
    ],
    [
      "the first pool of a family",
      [{ at: "5s", change: "add-pool", pool: { name: "x", cidr: "fd00::/64" } }],
      ["the scenario begins without an IPv6 pool"],
    ],
    [
      "a configuration that Calico refuses",
      [{ at: "5s", change: "ipam-config", maxBlocksPerHost: 3 }],
      ["MaxBlocksPerHost requires StrictAffinity to be enabled"],
    ],
    [
      "several at once",
      [
        { at: "5s", change: "release", release: "v3.28.40" },
        { at: "soon", change: "enable-pool", pool: "first" },
        { change: "disable" },
      ],
      ["changes[1].at: expected a duration", "changes[2].change: expected add-pool"],
    ],
    [
      "an unknown release",
      [{ at: "5s", change: "release", release: "v3.28.9" }],
      ['unknown release "v3.28.9" (did you mean'],
    ],
  ])("refuses %s", async (_, changes, messages) => {
    const faults = (await faultsOf(run(changes as Changes))).join("\n");
    for (const message of messages) expect(faults).toContain(message);
  });
});
