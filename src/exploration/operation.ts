import { formatAddress, parseAddress } from "../model/address.js";
import { type HostReserved, WINDOWS_RESERVED_HANDLE } from "../model/block.js";
import { CalicoError, textError } from "../model/calico-error.js";
import { Cidr } from "../model/cidr.js";
import type { PoolUse } from "../model/pool.js";
import type { FamilyAssignment } from "../protocol/auto-assign.js";
import type { CallContext, Steps } from "../protocol/environment.js";
import type { Cluster } from "./cluster.js";

/** One operation of one client, as data: addresses and networks are texts. */
export type Operation =
  | {
      readonly op: "autoAssign";
      readonly host: string;
      readonly num4: number;
      readonly num6: number;
      readonly handle: string | null;
      readonly use: PoolUse;
      readonly maxBlocksPerHost: number;
    }
  | {
      readonly op: "assignIp";
      readonly host: string;
      readonly address: string;
      readonly handle: string | null;
    }
  | {
      readonly op: "releaseIps";
      readonly addresses: readonly string[];
      /** The handle that must hold them; null is any. */
      readonly handle: string | null;
    }
  | { readonly op: "releaseByHandle" | "ipsByHandle"; readonly handle: string }
  | { readonly op: "claimAffinity"; readonly cidr: string; readonly host: string }
  | {
      readonly op: "releaseAffinity";
      readonly cidr: string;
      readonly host: string;
      readonly mustBeEmpty: boolean;
    }
  | { readonly op: "releaseBlockAffinity"; readonly cidr: string; readonly mustBeEmpty: boolean }
  | { readonly op: "releaseHostAffinities"; readonly host: string; readonly mustBeEmpty: boolean }
  | { readonly op: "releasePoolAffinities"; readonly cidr: string }
  | { readonly op: "removeIpamHost"; readonly host: string }
  | {
      readonly op: "ensureBlock";
      readonly host: string;
      readonly num4: number;
      readonly num6: number;
    };

/** Names of all operations. */
export type OperationName = Operation["op"];

/** What the caller of an operation is told. */
export interface Outcome {
  readonly error: string | null;
  /** Addresses that the caller now holds. */
  readonly assigned: readonly string[];
  /** The rest of the answer, for reading: addresses found, blocks claimed. */
  readonly other: readonly string[];
}

/** One address at both ends, as on Windows nodes but small enough for small blocks. */
const HOST_RESERVED: HostReserved = {
  startOfBlock: 1,
  endOfBlock: 1,
  handle: WINDOWS_RESERVED_HANDLE,
  note: "explored",
};

function outcome(
  error: CalicoError | null | undefined,
  assigned: readonly string[] = [],
  other: readonly string[] = [],
): Outcome {
  return { error: error?.text ?? null, assigned, other };
}

function addressesOf(family: FamilyAssignment | null): string[] {
  if (family === null) return [];
  return family.taken.flatMap(({ block, ordinals }) =>
    ordinals.map((ordinal) => formatAddress(block.addressAt(ordinal))),
  );
}

function texts(cidrs: readonly (Cidr | null)[]): string[] {
  return cidrs.flatMap((cidr) => (cidr === null ? [] : [cidr.text]));
}

function* simple(steps: Steps<CalicoError | undefined>): Steps<Outcome> {
  return outcome(yield* steps);
}

type OperationOf<Name extends OperationName> = Extract<Operation, { op: Name }>;

function* autoAssign(
  { ipam }: Cluster,
  context: CallContext,
  op: OperationOf<"autoAssign">,
): Steps<Outcome> {
  const { host, num4, num6, handle, use, maxBlocksPerHost } = op;
  const result = yield* ipam.autoAssign(context, {
    num4,
    num6,
    handle,
    attributes: null,
    host,
    pools4: [],
    pools6: [],
    maxBlocksPerHost,
    reserved4: null,
    reserved6: null,
    use,
    namespaceLabels: {},
  });
  const assigned = [...addressesOf(result.v4), ...addressesOf(result.v6)];
  const messages = [...(result.v4?.messages ?? []), ...(result.v6?.messages ?? [])];
  return outcome(result.error, assigned, messages);
}

function* assignIp(
  { ipam }: Cluster,
  context: CallContext,
  op: OperationOf<"assignIp">,
): Steps<Outcome> {
  const { host, handle } = op;
  const address = parseAddress(op.address)!;
  const args = { address, handle, attributes: null, host, hostReserved: null };
  const error = yield* ipam.assignIp(context, args);
  return outcome(error, error === undefined ? [op.address] : []);
}

function* releaseIps(
  { ipam }: Cluster,
  context: CallContext,
  op: OperationOf<"releaseIps">,
): Steps<Outcome> {
  const handle = op.handle ?? undefined;
  const options = op.addresses.map((address) => ({ address, handle }));
  const result = yield* ipam.releaseIps(context, options);
  const unallocated = result.unallocated.map((address) => `${formatAddress(address)} was free`);
  return outcome(result.error, [], unallocated);
}

function* ipsByHandle({ ipam }: Cluster, handle: string): Steps<Outcome> {
  const found = yield* ipam.ipsByHandle(handle);
  if (found instanceof CalicoError) return outcome(found);
  return outcome(null, [], found.map(formatAddress));
}

function* claimAffinity(
  { ipam }: Cluster,
  context: CallContext,
  op: OperationOf<"claimAffinity">,
): Steps<Outcome> {
  const result = yield* ipam.claimAffinity(context, Cidr.of(op.cidr), op.host);
  return outcome(result.error, [], texts(result.claimed));
}

function* releaseBlockAffinity(
  cluster: Cluster,
  op: OperationOf<"releaseBlockAffinity">,
): Steps<Outcome> {
  // The caller has read the block before, outside the operation.
  const block = cluster.datastore.block(Cidr.of(op.cidr));
  if (block === undefined) return outcome(textError("the caller found no such block"));
  return outcome(yield* cluster.ipam.releaseBlockAffinity(block, op.mustBeEmpty));
}

function* ensureBlock(
  { ipam }: Cluster,
  context: CallContext,
  op: OperationOf<"ensureBlock">,
): Steps<Outcome> {
  const result = yield* ipam.ensureBlock(context, {
    host: op.host,
    pools4: [],
    pools6: [],
    reserved4: op.num4 > 0 ? HOST_RESERVED : null,
    reserved6: op.num6 > 0 ? HOST_RESERVED : null,
  });
  return outcome(result.error, [], texts([result.v4, result.v6]));
}

/** The steps of an operation on a cluster, under the deadline of its caller. */
export function operationSteps(
  cluster: Cluster,
  context: CallContext,
  op: Operation,
): Steps<Outcome> {
  const { ipam } = cluster;
  switch (op.op) {
    case "autoAssign":
      return autoAssign(cluster, context, op);
    case "assignIp":
      return assignIp(cluster, context, op);
    case "releaseIps":
      return releaseIps(cluster, context, op);
    case "releaseByHandle":
      return simple(ipam.releaseByHandle(op.handle));
    case "ipsByHandle":
      return ipsByHandle(cluster, op.handle);
    case "claimAffinity":
      return claimAffinity(cluster, context, op);
    case "releaseAffinity":
      return simple(ipam.releaseAffinity(Cidr.of(op.cidr), op.host, op.mustBeEmpty));
    case "releaseBlockAffinity":
      return releaseBlockAffinity(cluster, op);
    case "releaseHostAffinities":
      return simple(ipam.releaseHostAffinities(op.host, op.mustBeEmpty));
    case "releasePoolAffinities":
      return simple(ipam.releasePoolAffinities(Cidr.of(op.cidr)));
    case "removeIpamHost":
      return simple(ipam.removeIpamHost(op.host));
    case "ensureBlock":
      return ensureBlock(cluster, context, op);
  }
}

/** `autoAssign host=node-0 num4=2 handle=pod-1`: fields without a value are left out. */
export function describeOperation(operation: Operation): string {
  const { op, ...fields } = operation;
  const values = fields as Readonly<Record<string, string | number | boolean | null | string[]>>;
  const parts = Object.entries(values).flatMap(([name, value]) => {
    if (value === null || value === 0 || value === false || value === "Workload") return [];
    if (value === true) return [name];
    return [`${name}=${Array.isArray(value) ? value.join(",") : value}`];
  });
  return [op, ...parts].join(" ");
}

/** The outcome in words. */
export function describeOutcome({ error, assigned, other }: Outcome): string {
  const parts = [
    ...(assigned.length > 0 ? [`assigned ${assigned.join(" ")}`] : []),
    ...other,
    ...(error === null ? [] : [`error: ${error.trim()}`]),
  ];
  return parts.length === 0 ? "ok" : parts.join("; ");
}
