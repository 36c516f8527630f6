import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { readScenario } from "../../src/application/read-scenario.js";
import { simulateScenario } from "../../src/application/simulate-scenario.js";
import type { SimulationResult } from "../../src/formats/result/simulation-result.js";
import { faultsOf } from "../formats/faults-of.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ipamlab-initial-"));
});
afterAll(() => rm(folder, { recursive: true }));

function crd(kind: string, name: string, spec: object): object {
  return { apiVersion: "crd.projectcalico.org/v1", kind, metadata: { name }, spec };
}

function pod(name: string, node: string, ip: string, owner?: { kind: string; name: string }) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "shop",
      ...(owner && { ownerReferences: [{ ...owner, controller: true }] }),
    },
    spec: { nodeName: node },
    status: { phase: "Running", podIP: ip },
  };
}

const ofPod = (name: string, node = "n1") => ({
  handle_id: `net.${name}`,
  secondary: { namespace: "shop", pod: name, node },
});

const CART = { kind: "ReplicaSet", name: "cart-7c9f6d5b8" };

/** One block of four of node n1: two pods, one leak, one address free. */
const STATE: readonly object[] = [
  crd("IPAMBlock", "b", {
    cidr: "10.0.0.4/30",
    affinity: "host:n1",
    allocations: [0, 1, 2, null],
    unallocated: [3],
    attributes: [ofPod("cart-1"), ofPod("db-0"), ofPod("gone")],
    sequenceNumber: 1_795_474_895_205_497,
  }),
  crd("BlockAffinity", "a", { cidr: "10.0.0.4/30", node: "n1", state: "confirmed" }),
  ...["cart-1", "db-0", "gone"].map((name) => {
    return crd("IPAMHandle", `net.${name}`, {
      handleID: `net.${name}`,
      block: { "10.0.0.4/30": 1 },
    });
  }),
  pod("cart-1", "n1", "10.0.0.4", CART),
  pod("db-0", "n1", "10.0.0.5", { kind: "StatefulSet", name: "db" }),
];

async function run(items: readonly object[], change: object = {}): Promise<SimulationResult> {
  await writeFile(join(folder, "state.json"), JSON.stringify({ kind: "List", items }));
  const scenario = {
    ipamlab: 1,
    release: "v3.28.4",
    pools: [{ name: "p", cidr: "10.0.0.0/28", blockSize: 30 }],
    nodes: { list: [{ name: "n1" }] },
    workload: [{ executor: "burst", pods: 1 }],
    initialState: { dump: "state.json" },
    ...change,
  };
  const file = join(folder, "scenario.yaml");
  await writeFile(file, stringify(scenario));
  return simulateScenario(await readScenario(file), { version: "test", fingerprint: true });
}

/** What a run says of the state that it began with, which is that of the dump. */
const STATE_TAKEN_OVER = {
  blocks: 1,
  pods: 2,
  podsEnded: 0,
  podsForEver: 2,
  podAddresses: 2,
  otherAddresses: 1,
  leftOut: [],
  contradiction: null,
  duplicates: 0,
};

test("a run goes on from the dump: the free address of the node's block comes first", async () => {
  const result = await run(STATE);
  expect(result.initialState).toEqual(STATE_TAKEN_OVER);
  expect(result.operations.assignments).toMatchObject({ succeeded: 1, failed: 0 });
  expect(result.addresses).toMatchObject({ final: 4, peak: 4 });
  // Nothing was claimed: the block was there, and had room.
  expect(result.blocks).toMatchObject({ final: 1, full: 1 });
  expect(result.nodes.mostPods).toEqual({ node: "n1", peak: 3 });
});

test("pods of the dump end as the scenario says, by workload; leaks stay", async () => {
  const result = await run(STATE, {
    initialState: {
      dump: ["state.json"],
      pods: [{ namespace: "shop", owner: "Deployment/cart", lifetime: "10s" }],
    },
    simulation: { duration: "1m" },
  });
  expect(result.initialState).toMatchObject({ pods: 2, podsEnded: 1, podsForEver: 1 });
  expect(result.addresses).toMatchObject({ final: 3, peak: 4 });
  expect(result.operations.releases.done).toBe(1);
});

test("a pod whose handle is lost keeps its address allocated: a leak", async () => {
  const items = STATE.filter((item) => !JSON.stringify(item).includes('"handleID":"net.cart-1"'));
  const pods = [{ owner: "Deployment", lifetime: "1s" }];
  const result = await run(items, { initialState: { dump: "state.json", pods } });
  expect(result.initialState).toMatchObject({ podsEnded: 1 });
  expect(result.leaks.addresses).toBe(1);
  expect(result.addresses.final).toBe(4);
});

test("a pod that shares its handle with a leak does not end", async () => {
  const items = JSON.parse(JSON.stringify(STATE).replaceAll("net.gone", "net.cart-1")) as object[];
  const distinct = items.filter((item, i) => {
    return items.findIndex((other) => JSON.stringify(other) === JSON.stringify(item)) === i;
  });
  const pods = [{ lifetime: "1s" }];
  const result = await run(distinct, { initialState: { dump: "state.json", pods } });
  expect(result.initialState).toMatchObject({ podsEnded: 1, podsForEver: 1 });
});

test("pods of nodes that the scenario does not have are taken for gone", async () => {
  const result = await run(STATE, { nodes: { list: [{ name: "n2" }] } });
  expect(result.initialState).toMatchObject({ pods: 0, otherAddresses: 3 });
});

test("a state that contradicts itself is run, and said so", async () => {
  const torn = crd("IPAMBlock", "torn", {
    cidr: "10.0.0.8/30",
    affinity: "host:n2",
    allocations: [null, null, null, null],
    unallocated: [0, 0, 1, 2],
    attributes: [],
  });
  const result = await run([...STATE, torn]);
  expect(result.initialState?.contradiction).toContain("10.0.0.8/30: ordinal 0 is twice");
});

test("the same run twice is the same, and the path of the dump is not part of its identity", async () => {
  const pods = [{ owner: "StatefulSet/db", lifetime: { distribution: "exponential", mean: "1m" } }];
  const change = { initialState: { dump: "state.json", pods } };
  const [first, second] = [await run(STATE, change), await run(STATE, change)];
  expect(second).toEqual(first);
  const absolute = { initialState: { dump: join(folder, "state.json"), pods } };
  expect((await run(STATE, absolute)).scenario.sha256).toBe(first.scenario.sha256);
});

test("a dump that is missing, or wrong, is told with its place", async () => {
  const missing = await faultsOf(run(STATE, { initialState: { dump: "stat.json" } }));
  expect(missing).toHaveLength(1);
  expect(missing[0]).toMatch(/initialState\.dump: cannot read .*stat\.json: no such file/);
  const block = crd("IPAMBlock", "b", { cidr: "10.0.0.0" });
  expect((await faultsOf(run([block])))[0]).toMatch(/state\.json:1:\d+: IPAMBlock b: spec\.cidr/);
});

test.each(
  ["allocator", "cluster"].flatMap((model) =>
    ["01", "02", "03", "04", "05", "06", "07", "08"].map((number) => [number, model] as const),
  ),
)("the recorded cluster %s runs on for an hour in the model %s", async (number, model) => {
  const dump = resolve(`test/fixtures/golden-clusters/cluster-${number}/cluster.json.gz`);
  const result = await run([], {
    pools: [{ name: "more", cidr: "10.99.0.0/16" }],
    nodes: { count: 3 },
    workload: [{ executor: "poisson", rate: 10, timeUnit: "1m", duration: "1h", lifetime: "5m" }],
    initialState: { dump, pods: [{ lifetime: "30m" }] },
    simulation: { model, duration: "2h" },
  });
  expect(result.completed).toBe(true);
  expect(result.initialState?.blocks).toBeGreaterThan(3);
});

const CLUSTER = { simulation: { model: "cluster", duration: "1m" } };

test("in the cluster model, too, a run goes on from the dump, and garbage collection sees its leak", async () => {
  const result = await run(STATE, {
    ...CLUSTER,
    simulation: { model: "cluster", duration: "30m" },
    gc: { gracePeriod: "1m" },
  });
  expect(result.initialState).toEqual(STATE_TAKEN_OVER);
  expect(result.cluster?.adds).toMatchObject({ succeeded: 1, failed: 0 });
  expect(result.blocks).toMatchObject({ final: 1 });
  expect(result.addresses).toMatchObject({ final: 3, peak: 3 });
  expect(result.cluster?.gc).toMatchObject({ reclaimed: 1 });
  expect(result.leaks).toMatchObject({ addresses: 0 });
});

test("in the cluster model the plugin's DEL gives back what a pod of the dump holds", async () => {
  const pods = [{ owner: "Deployment/cart", lifetime: "10s" }];
  const initialState = { dump: "state.json", pods };
  const result = await run(STATE, { ...CLUSTER, gc: { enabled: false }, initialState });
  expect(result.initialState).toMatchObject({ pods: 2, podsEnded: 1, podsForEver: 1 });
  expect(result.cluster?.dels).toEqual({ succeeded: 1, failed: 0 });
  expect(result.addresses).toMatchObject({ final: 2 });
  // The one that had leaked before.
  expect(result.leaks.addresses).toBe(1);
});

test("in the cluster model a pod without handle, or with one of another plugin, is lost at its end", async () => {
  const items = JSON.parse(JSON.stringify(STATE).replaceAll("net.cart-1", "cart")) as object[];
  const initialState = { dump: "state.json", pods: [{ owner: "Deployment", lifetime: "1s" }] };
  const result = await run(items, { ...CLUSTER, gc: { enabled: false }, initialState });
  expect(result.initialState).toMatchObject({ podsEnded: 1 });
  expect(result.leaks.addresses).toBe(2);
});

test("in the cluster model a state that contradicts itself is run, and said so", async () => {
  const torn = crd("IPAMBlock", "torn", {
    cidr: "10.0.0.4/31",
    affinity: "host:n2",
    allocations: [null, null],
    unallocated: [0, 1],
    attributes: [],
  });
  const nodes = { list: [{ name: "n1" }, { name: "n2" }] };
  const workload = [{ executor: "burst", pods: 3 }];
  const affinity = { cidr: "10.0.0.4/31", node: "n2", state: "confirmed" };
  const state = [...STATE, torn, crd("BlockAffinity", "torn", affinity)];
  const result = await run(state, { ...CLUSTER, nodes, workload });
  expect(result.initialState?.contradiction).toContain("10.0.0.4/31");
  expect(result.initialState?.duplicates).toBeGreaterThan(0);
});

test("in the cluster model a pod that holds addresses by two handles is one pod for the collector", async () => {
  const items = JSON.parse(
    JSON.stringify(STATE.filter((item) => (item as { kind: string }).kind !== "Pod")).replaceAll(
      '"pod":"gone"',
      '"pod":"cart-1"',
    ),
  ) as object[];
  const result = await run(items, {
    simulation: { model: "cluster", duration: "30m" },
    gc: { gracePeriod: "1m" },
  });
  expect(result.initialState).toMatchObject({ pods: 3, otherAddresses: 0 });
  expect(result.cluster?.gc).toMatchObject({ reclaimed: 0 });
  expect(result.leaks.addresses).toBe(0);
});
