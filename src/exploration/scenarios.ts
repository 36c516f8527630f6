import { Cidr } from "../model/cidr.js";
import type { Node } from "../model/node.js";
import { makePool, type UsablePool } from "../model/pool.js";
import type { ClusterEdit, ClusterPlan } from "./cluster.js";
import type { Operation } from "./operation.js";

/** One operation in one situation: what comes before it without fault, and the operation itself. */
export interface Scenario {
  readonly name: string;
  readonly setUp: readonly Operation[];
  readonly edits?: readonly ClusterEdit[];
  readonly operation: Operation;
}

function pool(nodeSelector: string): UsablePool {
  const cidr = Cidr.of("10.0.0.0/28");
  return { ...makePool({ name: "pool", cidr, blockSize: 30, nodeSelector }), cidr };
}

const NODES: readonly Node[] = [
  { name: "node-0", labels: { zone: "a" } },
  { name: "node-1", labels: { zone: "a" } },
];

/** Two nodes and one pool of four blocks of four addresses; borrowing is allowed. */
export const SMALL_CLUSTER: ClusterPlan = {
  pools: [pool("zone == 'a'")],
  nodes: NODES,
  config: { strictAffinity: false, autoAllocateBlocks: true, maxBlocksPerHost: 0 },
  reserved: [],
};

const FIRST = "10.0.0.0/30";

function assign(host: string, num4: number, handle: string): Operation {
  const op = "autoAssign";
  return { op, host, num4, num6: 0, handle, use: "Workload", maxBlocksPerHost: 0 };
}

function assignIp(host: string, address: string, handle: string): Operation {
  return { op: "assignIp", host, address, handle };
}

function claim(cidr: string, host: string): Operation {
  return { op: "claimAffinity", cidr, host };
}

function giveUp(mustBeEmpty: boolean): Operation {
  return { op: "releaseAffinity", cidr: FIRST, host: "node-0", mustBeEmpty };
}

function release(...addresses: string[]): Operation {
  return { op: "releaseIps", addresses, handle: null };
}

const ensure: Operation = { op: "ensureBlock", host: "node-0", num4: 1, num6: 0 };
const releaseHost: Operation = {
  op: "releaseHostAffinities",
  host: "node-0",
  mustBeEmpty: false,
};
const releasePod: Operation = { op: "releaseByHandle", handle: "pod-a" };

const OWN_BLOCK = [claim(FIRST, "node-0")];
/** node-0 has a block with one address in it. */
const ONE_POD = [...OWN_BLOCK, assignIp("node-0", "10.0.0.0", "pod-a")];
/** The same block, without owner. */
const ORPHAN = [...ONE_POD, giveUp(false)];
/** All four blocks are node-1's, one of them in use. */
const ALL_OF_NODE_1 = [claim("10.0.0.0/28", "node-1"), assignIp("node-1", "10.0.0.0", "pod-b")];

const NODE_0_LEAVES: readonly ClusterEdit[] = [
  { edit: "setNode", node: { name: "node-0", labels: {} } },
];

/** Every operation, in the situations in which it makes different calls. */
export const SCENARIOS: readonly Scenario[] = [
  { name: "autoassign-new-block", setUp: [], operation: assign("node-0", 1, "pod-c") },
  { name: "autoassign-own-block", setUp: ONE_POD, operation: assign("node-0", 1, "pod-c") },
  {
    name: "autoassign-two-blocks",
    setUp: [...OWN_BLOCK, assign("node-0", 3, "pod-a")],
    operation: assign("node-0", 2, "pod-c"),
  },
  { name: "autoassign-borrowing", setUp: ALL_OF_NODE_1, operation: assign("node-0", 1, "pod-c") },
  {
    name: "autoassign-reclaiming",
    setUp: ALL_OF_NODE_1,
    edits: [{ edit: "advance", seconds: 61 }],
    operation: assign("node-0", 1, "pod-c"),
  },
  { name: "assignip-new-block", setUp: [], operation: assignIp("node-0", "10.0.0.1", "pod-c") },
  {
    name: "assignip-own-block",
    setUp: ONE_POD,
    operation: assignIp("node-0", "10.0.0.1", "pod-c"),
  },
  { name: "releaseips-one", setUp: ONE_POD, operation: release("10.0.0.0") },
  {
    name: "releaseips-two",
    setUp: [...ONE_POD, assignIp("node-0", "10.0.0.1", "pod-a")],
    operation: release("10.0.0.0", "10.0.0.1"),
  },
  { name: "releaseips-last-of-ownerless", setUp: ORPHAN, operation: release("10.0.0.0") },
  {
    name: "releaseips-node-not-selected",
    setUp: ONE_POD,
    edits: NODE_0_LEAVES,
    operation: release("10.0.0.0"),
  },
  { name: "releasebyhandle", setUp: ONE_POD, operation: releasePod },
  { name: "releasebyhandle-last-of-ownerless", setUp: ORPHAN, operation: releasePod },
  {
    name: "releasebyhandle-node-not-selected",
    setUp: ONE_POD,
    edits: NODE_0_LEAVES,
    operation: releasePod,
  },
  { name: "ipsbyhandle", setUp: ONE_POD, operation: { op: "ipsByHandle", handle: "pod-a" } },
  { name: "claimaffinity", setUp: [], operation: claim(FIRST, "node-0") },
  { name: "claimaffinity-own-block", setUp: ONE_POD, operation: claim(FIRST, "node-0") },
  { name: "claimaffinity-of-others", setUp: ONE_POD, operation: claim(FIRST, "node-1") },
  { name: "releaseaffinity-empty", setUp: OWN_BLOCK, operation: giveUp(true) },
  { name: "releaseaffinity-in-use", setUp: ONE_POD, operation: giveUp(false) },
  {
    name: "releaseblockaffinity",
    setUp: OWN_BLOCK,
    operation: { op: "releaseBlockAffinity", cidr: FIRST, mustBeEmpty: true },
  },
  { name: "releasehostaffinities", setUp: ONE_POD, operation: releaseHost },
  {
    name: "releasepoolaffinities",
    setUp: ONE_POD,
    operation: { op: "releasePoolAffinities", cidr: "10.0.0.0/28" },
  },
  { name: "removeipamhost", setUp: ONE_POD, operation: { op: "removeIpamHost", host: "node-0" } },
  { name: "ensureblock-new-block", setUp: [], operation: ensure },
  { name: "ensureblock-own-block", setUp: ONE_POD, operation: ensure },
];

/** Where two operations race: node-0 has a block with one address in it, or an empty one. */
export const RACE_SETTINGS: Readonly<Record<string, readonly Operation[]>> = {
  "one-pod": ONE_POD,
  "empty-block": OWN_BLOCK,
};

/** Operations that race with each other, by the name that seeds use. */
export const RACERS: Readonly<Record<string, Operation>> = {
  autoassign: assign("node-0", 1, "pod-c"),
  "autoassign-same-handle": assign("node-0", 1, "pod-a"),
  "autoassign-of-node-1": assign("node-1", 1, "pod-d"),
  assignip: assignIp("node-0", "10.0.0.1", "pod-c"),
  "assignip-of-node-1": assignIp("node-1", "10.0.0.1", "pod-d"),
  releaseips: release("10.0.0.0"),
  releasebyhandle: releasePod,
  claimaffinity: claim(FIRST, "node-0"),
  "claimaffinity-of-node-1": claim(FIRST, "node-1"),
  releaseaffinity: giveUp(false),
  releaseblockaffinity: { op: "releaseBlockAffinity", cidr: FIRST, mustBeEmpty: false },
  ensureblock: ensure,
};
