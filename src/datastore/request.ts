import type { IpVersion } from "../model/address.js";
import type { Affinity, AffinityOwner } from "../model/affinity.js";
import type { Block } from "../model/block.js";
import type { Cidr } from "../model/cidr.js";
import type { Handle } from "../model/handle.js";
import type { IpamConfig } from "../model/ipam-config.js";
import type { Node } from "../model/node.js";
import type { Entry } from "./response.js";

export type Verb = "get" | "list" | "create" | "update" | "delete" | "apply";

/** Kinds of object that IPAM reads and writes. `ipamHost` is the host object of RemoveIPAMHost. */
export type Kind =
  | "node"
  | "pool"
  | "reservation"
  | "config"
  | "block"
  | "affinity"
  | "handle"
  | "ipamHost";

/**
 * Under which deadline a request runs: the caller's; none (`background`: pool lists up to v3.29); or
 * the caller's, but with at least 30 s left (`cleanup`: undoing a handle count since v3.29.7).
 */
export type RequestContext = "caller" | "background" | "cleanup";

/** What a request writes. */
export type Written = Affinity | Block | Handle | IpamConfig | Node;

/**
 * One call of the datastore on one object (or one list). All requests have this one shape, whatever
 * verb and kind, so that drivers stay fast; fields that do not apply hold their empty value. Make
 * them with the functions below.
 */
export class DatastoreRequest {
  constructor(
    readonly verb: Verb,
    readonly kind: Kind,
    /** Handle id, node name or host of a host object; empty otherwise. */
    readonly name: string,
    /** Block cidr, for blocks and single affinities. */
    readonly cidr: Cidr | null,
    /** Whose affinity, or whose affinities are listed; null lists all of them. */
    readonly owner: AffinityOwner | null,
    /** Of a list: the IP version asked for, or 0 for both. */
    readonly version: IpVersion | 0,
    /** The new value of create, update and apply. */
    readonly value: Written | null,
    /** Revision that update and delete expect. */
    readonly revision: number,
    readonly context: RequestContext,
  ) {}
}

/** A pause of the calling process. Drivers without a clock go on at once. */
export class Sleep {
  constructor(readonly durationMs: number) {}
}

/**
 * Taking or giving back the one cluster-wide allocation lock of the `pre-3.28.4` profile, which
 * models a write-up and not Calico's code. Drivers with a single client go on at once.
 */
export class LockRequest {
  constructor(readonly action: "acquire" | "release") {}
}

/**
 * Reading a pod from the Kubernetes API, past every cache: one GET by a client of its own, which is
 * no call of IPAM's datastore. The answer is a `PodLookup`.
 */
export class PodRequest {
  constructor(
    readonly namespace: string,
    readonly name: string,
  ) {}
}

/** Whatever a protocol operation or a controller may ask of the world. */
export type Effect = DatastoreRequest | Sleep | LockRequest | PodRequest;

function request(
  verb: Verb,
  kind: Kind,
  name: string,
  cidr: Cidr | null,
  owner: AffinityOwner | null,
  value: Written | null,
  revision: number,
): DatastoreRequest {
  return new DatastoreRequest(verb, kind, name, cidr, owner, 0, value, revision, "caller");
}

function list(kind: Kind, owner: AffinityOwner | null, version: IpVersion | 0): DatastoreRequest {
  return new DatastoreRequest("list", kind, "", null, owner, version, null, 0, "caller");
}

export const getNode = (name: string) => request("get", "node", name, null, null, null, 0);

export const updateNode = (entry: Entry<Node>, value: Node) =>
  request("update", "node", value.name, null, null, value, entry.revision);

const poolsOf = (context: RequestContext) =>
  new DatastoreRequest("list", "pool", "", null, null, 0, null, 0, context);

// Requests that are always the same are made once.
const POOLS = {
  caller: poolsOf("caller"),
  background: poolsOf("background"),
  cleanup: poolsOf("cleanup"),
};
const RESERVATIONS = list("reservation", null, 0);
const CONFIG = request("get", "config", "", null, null, null, 0);

/** Every pool, disabled ones included, in name order. */
export const listPools = (context: RequestContext) => POOLS[context];

export const listReservations = () => RESERVATIONS;

export const getConfig = () => CONFIG;
export const createConfig = (value: IpamConfig) =>
  request("create", "config", "", null, null, value, 0);
/** Writes the configuration whatever its revision. */
export const applyConfig = (value: IpamConfig) =>
  request("apply", "config", "", null, null, value, 0);

export const getBlock = (cidr: Cidr) => request("get", "block", "", cidr, null, null, 0);
export const createBlock = (value: Block) =>
  request("create", "block", "", value.cidr, null, value, 0);
export const updateBlock = (entry: Entry<Block>, value: Block) =>
  request("update", "block", "", value.cidr, null, value, entry.revision);
export const deleteBlock = (entry: Entry<Block>) =>
  request("delete", "block", "", entry.value.cidr, null, null, entry.revision);
export const listBlocks = (version: IpVersion | 0) => list("block", null, version);

export const getAffinity = (owner: AffinityOwner, cidr: Cidr) =>
  request("get", "affinity", "", cidr, owner, null, 0);
export const createAffinity = (value: Affinity) =>
  request("create", "affinity", "", value.cidr, value, value, 0);
export const updateAffinity = (entry: Entry<Affinity>, value: Affinity) =>
  request("update", "affinity", "", value.cidr, value, value, entry.revision);
export const deleteAffinity = (entry: Entry<Affinity>) =>
  request("delete", "affinity", "", entry.value.cidr, entry.value, null, entry.revision);
export const listAffinities = (owner: AffinityOwner, version: IpVersion) =>
  list("affinity", owner, version);
export const listAllAffinities = () => list("affinity", null, 0);

export const getHandle = (id: string, context: RequestContext) =>
  new DatastoreRequest("get", "handle", id, null, null, 0, null, 0, context);
export const createHandle = (value: Handle) =>
  request("create", "handle", value.id, null, null, value, 0);
export const updateHandle = (entry: Entry<Handle>, value: Handle, context: RequestContext) =>
  new DatastoreRequest("update", "handle", value.id, null, null, 0, value, entry.revision, context);
export const deleteHandle = (entry: Entry<Handle>, context: RequestContext) =>
  new DatastoreRequest(
    "delete",
    "handle",
    entry.value.id,
    null,
    null,
    0,
    null,
    entry.revision,
    context,
  );
export const listHandles = () => list("handle", null, 0);

export const getIpamHost = (name: string) => request("get", "ipamHost", name, null, null, null, 0);
