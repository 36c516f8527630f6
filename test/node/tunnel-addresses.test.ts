import { describe, expect, it } from "vitest";
import type { Datastore } from "../../src/datastore/datastore.js";
import type { DatastoreRequest } from "../../src/datastore/request.js";
import type { Response } from "../../src/datastore/response.js";
import { formatAddress } from "../../src/model/address.js";
import { DatastoreError, ResourceError } from "../../src/model/calico-error.js";
import { NodeStage } from "./node-stage.js";

const IPIP = { name: "pool", cidr: "10.0.0.0/24", ipipMode: "Always" } as const;
const BOTH_RELEASES = ["v3.28.4", "v3.30.0", "v3.32.1"];

/** Answers updates of the node with an error for the first so many times. */
function refusing(times: number, error: (request: DatastoreRequest) => Response) {
  let left = times;
  return (inner: Datastore): Datastore => ({
    perform(request) {
      const isNodeUpdate = request.kind === "node" && request.verb === "update";
      return isNodeUpdate && left-- > 0 ? error(request) : inner.perform(request);
    },
  });
}

const conflict = () => new ResourceError("conflict", "Node(n1)", { existsShowsInner: false });

describe.each(BOTH_RELEASES)("tunnel addresses at %s", (release) => {
  it.each([
    ["ipip", IPIP, "ipip", "ipip-tunnel-addr-n1"],
    ["ipip between subnets", { ...IPIP, ipipMode: "CrossSubnet" }, "ipip", "ipip-tunnel-addr-n1"],
    [
      "vxlan",
      { name: "pool", cidr: "10.0.0.0/24", vxlanMode: "Always" },
      "vxlan",
      "vxlan-tunnel-addr-n1",
    ],
    [
      "vxlan v6",
      { name: "pool", cidr: "fd00::/64", vxlanMode: "Always" },
      "vxlanV6",
      "vxlan-v6-tunnel-addr-n1",
    ],
  ] as const)("gives an address for %s", (_, pool, kind, handle) => {
    const stage = new NodeStage(release, [pool]);
    expect(stage.start()).toBeUndefined();
    expect(Object.keys(stage.addresses)).toEqual([kind]);
    expect(stage.handles).toEqual([handle]);
    const { value: block } = stage.datastore.listBlocks()[0]!;
    const [ordinal] = block.allocations.ordinalsOf(handle);
    expect(formatAddress(block.cidr.addressAt(ordinal!))).toBe(stage.addresses[kind]);
    expect(block.attributeOf(ordinal!)).toEqual({
      handle,
      secondary: { node: "n1", type: `${kind}TunnelAddress` },
    });
  });

  it("gives WireGuard addresses only where WireGuard runs, of any pool that allows tunnels", () => {
    const stage = new NodeStage(release, [{ name: "pool", cidr: "10.0.0.0/24" }]);
    stage.start();
    expect(stage.addresses).toEqual({});
    stage.datastore.setNode({ ...stage.node, wireguard: [4] });
    stage.start();
    expect(Object.keys(stage.addresses)).toEqual(["wireguard"]);
    expect(stage.handles).toEqual(["wireguard-tunnel-addr-n1"]);
  });

  it.each([
    ["a disabled pool", { disabled: true }],
    ["a pool for pods only", { allowedUses: ["Workload"] }],
    ["a pool for other nodes", { nodeSelector: "zone == 'a'" }],
    ["a pool whose selector is wrong", { nodeSelector: "zone ==" }],
    ["a pool without encapsulation", { ipipMode: "Never" }],
  ] as const)("takes nothing from %s", (_, change) => {
    const stage = new NodeStage(release, [{ ...IPIP, ...change }]);
    expect(stage.start()).toBeUndefined();
    expect(stage.addresses).toEqual({});
    expect(stage.datastore.blockCount).toBe(0);
  });

  it("keeps its address at the next start", () => {
    const stage = new NodeStage(release, [IPIP]);
    stage.start();
    const before = stage.addresses;
    stage.start();
    expect(stage.addresses).toEqual(before);
    expect(stage.calls).not.toContain("update handle ipip-tunnel-addr-n1");
    expect(stage.calls.filter((call) => call.startsWith("update block"))).toEqual([]);
  });

  it("moves to another pool when its own no longer wants the tunnel", () => {
    const stage = new NodeStage(release, [IPIP]);
    stage.start();
    stage.setPool("10.0.0.0/24", { name: "pool" });
    stage.setPool("10.1.0.0/24", { name: "new", ipipMode: "Always" });
    expect(stage.start()).toBeUndefined();
    expect(stage.addresses.ipip).toMatch(/^10\.1\.0\./);
    expect(stage.handles).toEqual(["ipip-tunnel-addr-n1"]);
    expect(stage.datastore.listHandles()[0]!.value.blocks).toHaveLength(1);
  });

  it("gives its address back when no pool wants the tunnel", () => {
    const stage = new NodeStage(release, [IPIP]);
    stage.start();
    stage.setPool("10.0.0.0/24", { name: "pool" });
    expect(stage.start()).toBeUndefined();
    expect(stage.addresses).toEqual({});
    expect(stage.handles).toEqual([]);
  });

  it("releases what a node object without address has left behind", () => {
    const stage = new NodeStage(release, [IPIP]);
    stage.start();
    stage.datastore.setNode({ name: "n1", labels: {} });
    stage.start();
    const [block] = stage.datastore.listBlocks();
    expect(block!.value.allocations.ordinalsOf("ipip-tunnel-addr-n1")).toHaveLength(1);
  });

  it("leaves an address to the pod that has it now", () => {
    const stage = new NodeStage(release, [IPIP]);
    stage.assign("10.0.0.5", "k8s-pod-network.a", { node: "n1", pod: "a", namespace: "x" });
    stage.pretend("ipip", "10.0.0.5");
    expect(stage.start()).toBeUndefined();
    expect(stage.addresses.ipip).not.toBe("10.0.0.5");
    expect(stage.handles).toEqual(["ipip-tunnel-addr-n1", "k8s-pod-network.a"]);
  });

  it("gives an address of an old release, without handle, its handle", () => {
    const stage = new NodeStage(release, [IPIP]);
    stage.assign("10.0.0.5", null, null);
    stage.pretend("ipip", "10.0.0.5");
    expect(stage.start()).toBeUndefined();
    expect(stage.addresses).toEqual({ ipip: "10.0.0.5" });
    expect(stage.handles).toEqual(["ipip-tunnel-addr-n1"]);
  });

  it("removes an old address without handle, and one whose handle object is lost", () => {
    const stage = new NodeStage(release, [{ name: "pool", cidr: "10.0.0.0/24" }]);
    stage.assign("10.0.0.5", null, null);
    stage.pretend("ipip", "10.0.0.5");
    expect(stage.start()).toBeUndefined();
    expect(stage.addresses).toEqual({});
    const [block] = stage.datastore.listBlocks();
    expect(block!.value.isAllocated(5)).toBe(false);
  });

  it("fails where no address is left", () => {
    const stage = new NodeStage(release, [{ ...IPIP, cidr: "10.0.0.0/30", blockSize: 30 }]);
    for (let i = 0; i < 4; i++) stage.assign(`10.0.0.${i}`, `h${i}`, {});
    expect(stage.start()).toBe(
      "Unable to autoassign an IPv4 address: Assigned 0 out of 1 requested IPv4 addresses; " +
        "No IPs available in pools: [10.0.0.0/30]",
    );
  });

  it("fails without node", () => {
    const stage = new NodeStage(release, [IPIP]);
    stage.datastore.deleteNode("n1");
    expect(stage.start()).toBe(
      "failed to fetch node resource 'n1': resource does not exist: Node(n1) with error: <nil>",
    );
  });

  it("gives its address back when the node cannot be written", () => {
    const stage = new NodeStage(release, [IPIP]);
    stage.wrap = refusing(9, () => new DatastoreError("boom"));
    expect(stage.start()).toBe("boom");
    expect(stage.handles).toEqual([]);
    expect(stage.addresses).toEqual({});
  });
});

describe("writing the node", () => {
  it("is tried five times up to v3.29", () => {
    const stage = new NodeStage("v3.29.7", [IPIP]);
    // Two kinds of WireGuard come first; their removal meets the conflicts.
    stage.wrap = refusing(4, conflict);
    expect(stage.start()).toBeUndefined();
    expect(Object.keys(stage.addresses)).toEqual(["ipip"]);
    stage.wrap = refusing(5, conflict);
    expect(stage.start()).toContain("update conflict: Node(n1)");
  });

  it("is tried once from v3.30.0", () => {
    const stage = new NodeStage("v3.30.0", [IPIP]);
    stage.wrap = refusing(1, conflict);
    expect(stage.start()).toContain("update conflict: Node(n1)");
    expect(stage.handles).toEqual([]);
  });

  it("happens for every kind up to v3.29, and once, if at all, from v3.30.0", () => {
    const updates = (stage: NodeStage) =>
      stage.calls.filter((call) => call === "update node n1").length;
    const old = new NodeStage("v3.28.4", [IPIP]);
    old.start();
    expect(updates(old)).toBe(5);
    old.start();
    expect(updates(old)).toBe(4);
    const young = new NodeStage("v3.30.0", [IPIP]);
    young.start();
    expect(updates(young)).toBe(1);
    young.start();
    expect(updates(young)).toBe(0);
  });
});

it.each([
  // IPAM itself counts such a pool as enabled up to v3.30, and the allocator up to v3.31.
  ["v3.28.4", undefined, 1],
  ["v3.31.6", "Unable to autoassign an address: cannot find a qualified ippool", 0],
  ["v3.32.1", undefined, 0],
])("a pool that is being deleted, at %s", (release, error, count) => {
  const stage = new NodeStage(release, [{ ...IPIP, beingDeleted: true }]);
  expect(stage.start()).toBe(error);
  expect(Object.keys(stage.addresses)).toHaveLength(count);
});

describe("the start of a Windows node", () => {
  it("claims a block that keeps four addresses for the host", () => {
    const stage = new NodeStage("v3.28.4", [{ ...IPIP, blockSize: 26 }]);
    stage.datastore.setConfig({
      strictAffinity: true,
      autoAllocateBlocks: true,
      maxBlocksPerHost: 0,
    });
    expect(stage.start(true)).toBeUndefined();
    const [block] = stage.datastore.listBlocks();
    expect([0, 1, 2, 3, 62, 63].map((ordinal) => block!.value.isAllocated(ordinal))).toEqual([
      true,
      true,
      true,
      false,
      false,
      true,
    ]);
    expect(stage.addresses).toEqual({});
  });
});
