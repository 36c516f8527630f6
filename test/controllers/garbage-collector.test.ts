import { describe, expect, it } from "vitest";
import { FaultInjector } from "../../src/datastore/fault-injector.js";
import { WINDOWS_RESERVED_HANDLE } from "../../src/model/block.js";
import { Cidr } from "../../src/model/cidr.js";
import { makePool } from "../../src/model/pool.js";
import { runToEnd } from "../../src/protocol/run.js";
import { runningPod, Stage } from "./collector-stage.js";

const DIALECT = { existsShowsInner: false, affinityKeyShowsType: false };
const TUNNEL = { type: "vxlanTunnelAddress" };

describe("a leak on a living node", () => {
  it("is a candidate for the grace period and is released once it is older", () => {
    const stage = new Stage({ graceSeconds: 900 });
    const [address] = stage.assignPod("n1", "web");
    stage.sync();
    expect(stage.collector.candidates).toEqual([address]);
    stage.advance(900);
    stage.sync();
    expect(stage.collector.candidates).toEqual([address]);
    expect(stage.handles).toEqual(["web"]);
    stage.advance(1e-9);
    expect(stage.sync()).toBeUndefined();
    expect(stage.handles).toEqual([]);
    expect(stage.collector.confirmedLeaks).toEqual([]);
    expect(stage.collector.reclaimed.on("n1")).toEqual(new Map([["pool", 1]]));
    stage.collector.deletePool("pool");
    expect(stage.collector.reclaimed.on("n1").size).toBe(0);
  });

  it.each([
    { graceSeconds: undefined, candidates: 0 },
    { graceSeconds: 0, candidates: 1 },
  ])("is never released with grace $graceSeconds", ({ graceSeconds, candidates }) => {
    const stage = new Stage({ graceSeconds });
    stage.assignPod("n1", "web");
    for (let round = 0; round < 3; round++) {
      stage.sync();
      expect(stage.collector.candidates).toHaveLength(candidates);
      stage.advance(1e6);
    }
    expect(stage.handles).toEqual(["web"]);
  });

  it("starts its grace period anew when the pod was seen in between", () => {
    const stage = new Stage({ graceSeconds: 60 });
    const addresses = stage.assignPod("n1", "web");
    stage.sync();
    stage.advance(50);
    stage.cluster.pods.set("web", runningPod("n1", addresses));
    stage.sync();
    expect(stage.collector.candidates).toEqual([]);
    stage.cluster.pods.delete("web");
    stage.advance(50);
    stage.sync();
    expect(stage.collector.candidates).toEqual(addresses);
    expect(stage.handles).toEqual(["web"]);
  });

  it("is kept when the live pod disagrees with the cache", () => {
    const stage = new Stage({ graceSeconds: 60 });
    const addresses = stage.assignPod("n1", "web");
    stage.cluster.live.set("web", runningPod("n1", addresses));
    stage.sync();
    stage.advance(61);
    stage.sync();
    expect(stage.cluster.liveLookUps).toEqual(["web"]);
    expect(stage.collector.confirmedLeaks).toEqual([]);
    expect(stage.collector.candidates).toEqual([]);
    expect(stage.handles).toEqual(["web"]);
  });

  it("is kept while one address of its handle is in use", () => {
    const stage = new Stage({ graceSeconds: 60 });
    const [used, leaked] = stage.assignPod("n1", "web", 2);
    stage.cluster.pods.set("web", runningPod("n1", [used!]));
    stage.sync();
    stage.advance(61);
    expect(stage.sync()).toBeUndefined();
    expect(stage.collector.confirmedLeaks).toEqual([leaked]);
    expect(stage.calls).toEqual([]);
    stage.cluster.pods.delete("web");
    stage.sync();
    stage.advance(61);
    stage.sync();
    expect(stage.handles).toEqual([]);
  });
});

describe("an address that cannot be released", () => {
  it("ends the sync when it was assigned again under the same handle", () => {
    const stage = new Stage({ graceSeconds: 900 });
    stage.assignPod("n2", "other");
    const addresses = stage.assignPod("n1", "web");
    stage.tellBlocks();
    // Between two updates: the same handle gets the same address, at another sequence number.
    stage.assignPod("n1", "a", 3);
    stage.release("web");
    expect(stage.assignPod("n1", "web")).toEqual(addresses);
    stage.removeNode("n1");
    stage.removeNode("n2");
    const error = stage.sync();
    expect(error?.kind).toBe("conflict");
    expect(error?.text).toBe(`update conflict: ${addresses[0]!}`);
    expect(stage.collector.confirmedLeaks).toEqual(addresses);
    // Neither of the nodes was cleaned up.
    expect(stage.calls.filter((call) => call.startsWith("list affinities"))).toEqual([]);
  });

  it("is tried at every sync until its block's update tells that it is free", () => {
    const stage = new Stage({ graceSeconds: 60 });
    const addresses = stage.assignPod("n1", "web");
    stage.sync();
    stage.release("web");
    stage.advance(61);
    for (let round = 0; round < 2; round++) {
      expect(stage.syncOnly()).toBeUndefined();
      expect(stage.calls.filter((call) => call.startsWith("get block"))).toHaveLength(1);
      expect(stage.collector.confirmedLeaks).toEqual(addresses);
    }
    stage.sync();
    expect(stage.calls).toEqual([]);
    expect(stage.collector.confirmedLeaks).toEqual([]);
  });

  it("is looked for at every sync after its block was deleted", () => {
    const stage = new Stage({ graceSeconds: 60 });
    const [used, leaked] = stage.assignPod("n1", "web", 2);
    stage.cluster.pods.set("web", runningPod("n1", [used!]));
    stage.sync();
    stage.advance(61);
    stage.sync();
    stage.cluster.pods.delete("web");
    stage.release("web");
    stage.removeNode("n1");
    runToEnd(stage.ipam.releaseHostAffinities("n1", true), stage.datastore);
    stage.sync();
    // The other address of the handle was in use when last seen, which blocks the handle for ever.
    expect(stage.collector.confirmedLeaks).toEqual([leaked]);
    expect(stage.cluster.liveLookUps.slice(-1)).toEqual(["web"]);
    expect(stage.calls).toEqual([]);
  });
});

describe("a node that is gone", () => {
  it.each([undefined, 0, 900])("loses addresses and blocks at once with grace %s", (grace) => {
    const stage = new Stage({ graceSeconds: grace });
    stage.assignPod("n1", "web");
    stage.assign("n1", "tunnel-n1", TUNNEL);
    stage.removeNode("n1");
    expect(stage.sync()).toBeUndefined();
    expect(stage.handles).toEqual([]);
    expect(stage.ownedBlocks).toEqual([]);
    expect(stage.collector.reclaimed.on("n1").size).toBe(0);
  });

  it("keeps its tunnel address, and so its block, while Calico knows the node", () => {
    const stage = new Stage({ graceSeconds: 900 });
    stage.assign("n1", "tunnel-n1", TUNNEL);
    stage.removeNode("n1", { staysInCalico: true });
    expect(stage.sync()?.kind).toBe("blockNotEmpty");
    expect(stage.handles).toEqual(["tunnel-n1"]);
    expect(stage.collector.confirmedLeaks).toEqual([]);
    stage.removeNode("n1");
    expect(stage.sync()).toBeUndefined();
    expect(stage.handles).toEqual([]);
  });

  it.each([
    ["a pod in use", { namespace: "default", pod: "web" }],
    ["an address of unknown purpose", { namespace: "default" }],
  ])("keeps tunnel address and blocks because of %s", (_what, attributes) => {
    const stage = new Stage({ graceSeconds: 900 });
    const addresses = stage.assign("n1", "web", attributes);
    stage.assign("n1", "tunnel-n1", TUNNEL);
    stage.cluster.pods.set("web", runningPod("", addresses));
    stage.removeNode("n1");
    expect(stage.sync()).toBeUndefined();
    expect(stage.calls).toEqual(["get node n1"]);
    expect(stage.handles).toEqual(["tunnel-n1", "web"]);
  });

  it("is given up in spite of Windows' reserved addresses", () => {
    const stage = new Stage({ graceSeconds: 900 });
    stage.assign("n1", WINDOWS_RESERVED_HANDLE, {});
    stage.removeNode("n1");
    expect(stage.sync()).toBeUndefined();
    expect(stage.ownedBlocks).toEqual([]);
  });

  it("is skipped when it cannot be read", () => {
    const stage = new Stage({ graceSeconds: 900 });
    stage.assignPod("n1", "web");
    stage.removeNode("n1");
    const fault = { verb: "get", kind: "node", nth: 1, error: "datastore" } as const;
    stage.wrap = (inner) => new FaultInjector(inner, [{ ...fault, afterEffect: false }], DIALECT);
    expect(stage.sync()).toBeUndefined();
    expect(stage.calls).toEqual(["get node n1"]);
    expect(stage.handles).toEqual(["web"]);
  });
});

describe("empty blocks", () => {
  /** A node with three blocks of 4 addresses, all of them empty but the named ones. */
  function threeBlocks(release: string, graceSeconds: number | undefined): Stage {
    const stage = new Stage({ graceSeconds, release });
    for (const pod of ["a", "b", "c"]) {
      stage.cluster.pods.set(pod, runningPod("n1", stage.assignPod("n1", pod, 4)));
    }
    stage.sync();
    expect(stage.ownedBlocks).toHaveLength(3);
    return stage;
  }

  it("are given up when empty for more than the grace period, but one", () => {
    const stage = threeBlocks("v3.28.4", 60);
    for (const pod of ["a", "b", "c"]) stage.release(pod);
    stage.sync();
    stage.advance(60);
    stage.sync();
    expect(stage.ownedBlocks).toHaveLength(3);
    stage.advance(1e-9);
    stage.sync();
    expect(stage.ownedBlocks).toHaveLength(1);
    stage.advance(1e6);
    stage.sync();
    expect(stage.ownedBlocks).toHaveLength(1);
  });

  it.each([undefined, 0])("are kept with grace %s", (grace) => {
    const stage = threeBlocks("v3.28.4", grace);
    for (const pod of ["a", "b", "c"]) stage.release(pod);
    stage.sync();
    stage.advance(1e6);
    stage.sync();
    expect(stage.ownedBlocks).toHaveLength(3);
  });

  it.each([true, "failed"] as const)("are kept while migration from Flannel is %s", (state) => {
    const stage = threeBlocks("v3.28.4", 60);
    stage.cluster.migrating = state;
    stage.release("a");
    stage.sync();
    stage.advance(61);
    stage.sync();
    stage.cluster.migrating = false;
    stage.sync();
    expect(stage.ownedBlocks).toHaveLength(3);
    stage.advance(61);
    stage.sync();
    expect(stage.ownedBlocks).toHaveLength(2);
  });

  it("with addresses of Windows are not empty", () => {
    const stage = threeBlocks("v3.28.4", 60);
    stage.release("a");
    stage.assign("n1", WINDOWS_RESERVED_HANDLE, {});
    stage.sync();
    stage.advance(61);
    stage.sync();
    expect(stage.ownedBlocks).toHaveLength(3);
  });

  it.each([
    // A block used again in the meantime counts anew since v3.28.0.
    ["v3.28.0", 3],
    ["v3.27.5", 2],
  ])("in %s, after use in between, leave %i blocks", (release, left) => {
    const stage = threeBlocks(release, 60);
    stage.release("a");
    stage.release("b");
    stage.assignPod("n1", "one");
    stage.cluster.pods.set("one", "failed");
    stage.sync();
    stage.assignPod("n1", "d", 4);
    stage.cluster.pods.set("d", "failed");
    stage.advance(50);
    stage.sync();
    stage.release("d");
    stage.advance(11);
    stage.sync();
    expect(stage.ownedBlocks).toHaveLength(left);
  });

  it.each([
    // Up to v3.27 the other blocks must have three free addresses.
    ["v3.28.4", 2],
    ["v3.27.5", 3],
  ])("in %s, while the others are full, leave %i blocks", (release, left) => {
    const stage = threeBlocks(release, 60);
    stage.release("a");
    stage.sync();
    stage.advance(61);
    stage.sync();
    expect(stage.ownedBlocks).toHaveLength(left);
  });
});

describe("a sync", () => {
  it.each([
    ["the watches are in sync", "isInSync"],
    ["the datastore is ready", "isDatastoreReady"],
  ] as const)("does nothing unless %s", (_what, flag) => {
    const stage = new Stage({ graceSeconds: 900 });
    stage.assignPod("n1", "web");
    stage.removeNode("n1");
    stage.collector[flag] = false;
    stage.sync();
    expect(stage.calls).toEqual([]);
    stage.collector[flag] = true;
    stage.sync();
    expect(stage.handles).toEqual([]);
  });
});

describe("later releases", () => {
  it.each([
    ["v3.28.4", ["web"]],
    ["v3.30.7", ["web"]],
    // The node has gone from Kubernetes: its pods' absence from the cache suffices.
    ["v3.31.0", []],
    ["v3.32.1", []],
  ])("%s asks of a deleted node's pods for %j", (release, asked) => {
    const stage = new Stage({ graceSeconds: 900, release });
    stage.assignPod("n1", "web");
    stage.removeNode("n1");
    stage.collector.requireFullScan();
    stage.sync();
    expect(stage.cluster.liveLookUps).toEqual(asked);
    expect(stage.handles).toEqual([]);
  });

  it.each([
    ["v3.28.4", 1],
    ["v3.30.0", 0],
    ["v3.32.1", 0],
  ])(
    "%s finds on a node without changes %i candidates, unless all are checked",
    (release, count) => {
      const stage = new Stage({ graceSeconds: 900, release });
      const addresses = stage.assignPod("n1", "web");
      stage.cluster.pods.set("web", runningPod("n1", addresses));
      stage.sync();
      stage.cluster.pods.delete("web");
      stage.sync();
      expect(stage.collector.candidates).toHaveLength(count);
      stage.collector.requireFullScan();
      stage.sync();
      expect(stage.collector.candidates).toEqual(addresses);
    },
  );

  it.each([
    // All of them stay dirty.
    ["v3.31.4", ["list affinities n1 ipv4", "list affinities n2 ipv4", "list affinities n2 ipv6"]],
    ["v3.31.6", ["list affinities n1 ipv4"]],
    ["v3.32.1", ["list affinities n1 ipv4"]],
  ])("%s, when one of two nodes cannot be cleaned up, tries again %j", (release, lists) => {
    const stage = new Stage({ graceSeconds: 900, release });
    for (const node of ["n1", "n2"]) {
      stage.assignPod(node, `pod-${node}`);
      stage.removeNode(node);
    }
    const fault = { verb: "list", kind: "affinity", nth: 1, error: "datastore" } as const;
    stage.wrap = (inner) => new FaultInjector(inner, [{ ...fault, afterEffect: false }], DIALECT);
    expect(stage.sync()).toBeDefined();
    expect(stage.ownedBlocks).toHaveLength(1);
    expect(stage.syncOnly()).toBeDefined();
    expect(stage.calls.filter((call) => call.startsWith("list affinities"))).toEqual(lists);
    stage.wrap = (inner) => inner;
    stage.sync();
    expect(stage.sync()).toBeUndefined();
    expect(stage.ownedBlocks).toEqual([]);
  });

  it.each([
    ["v3.31.4", undefined, true],
    ["v3.31.6", "work remaining: 0 nodes, 1 confirmed leaks", false],
    ["v3.32.1", "work remaining: 0 nodes, 1 confirmed leaks", false],
  ])("%s ends with a leak that cannot be released: %s", (release, error, isUnfinished) => {
    const stage = new Stage({ graceSeconds: 60, release });
    const [used] = stage.assignPod("n1", "web", 2);
    stage.cluster.pods.set("web", runningPod("n1", [used!]));
    stage.sync();
    stage.advance(61);
    stage.collector.requireFullScan();
    stage.sync();
    expect(stage.lastOutcome?.error?.text).toBe(error);
    expect(stage.lastOutcome?.isUnfinished).toBe(isUnfinished);
  });

  it.each([
    ["v3.31.4", 1],
    ["v3.31.5", 0],
  ])("%s keeps, of a deleted block, %i leaks", (release, count) => {
    const stage = new Stage({ graceSeconds: 60, release });
    const [used, leaked] = stage.assignPod("n1", "web", 2);
    stage.cluster.pods.set("web", runningPod("n1", [used!]));
    stage.sync();
    stage.advance(61);
    stage.collector.requireFullScan();
    stage.sync();
    expect(stage.collector.confirmedLeaks).toEqual([leaked]);
    stage.release("web");
    runToEnd(stage.ipam.releaseHostAffinities("n1", true), stage.datastore);
    stage.sync();
    expect(stage.collector.confirmedLeaks).toHaveLength(count);
  });

  it("releases 10,000 addresses a sync from v3.31.0 on", () => {
    const stage = new Stage({ graceSeconds: 900, release: "v3.31.0", blockSize: 18 });
    stage.datastore.setPool(
      makePool({ name: "pool", cidr: Cidr.of("10.0.0.0/16"), blockSize: 18 }),
    );
    stage.assign("n1", "many", { namespace: "default", pod: "many" }, 10_001);
    stage.removeNode("n1");
    stage.collector.requireFullScan();
    expect(stage.sync()?.kind).toBe("blockNotEmpty");
    expect(stage.collector.confirmedLeaks).toHaveLength(1);
    stage.sync();
    expect(stage.collector.confirmedLeaks).toEqual([]);
    expect(stage.ownedBlocks).toEqual([]);
  });
});
