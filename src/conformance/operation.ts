import type { Fault, FaultError } from "../datastore/fault-injector.js";
import type { Kind, Verb } from "../datastore/request.js";
import { type FieldReader, UnreadableField } from "../formats/golden/field-reader.js";
import type { Json, JsonObject } from "../formats/golden/trace-line.js";
import { formatAddress, parseAddress } from "../model/address.js";
import type { HostReserved } from "../model/block.js";
import { CalicoError } from "../model/calico-error.js";
import { Cidr } from "../model/cidr.js";
import type { IpamConfig } from "../model/ipam-config.js";
import type { PoolUse } from "../model/pool.js";
import { type FamilyAssignment, partialFulfilmentText } from "../protocol/auto-assign.js";
import { type CallContext, type Steps, UNLIMITED } from "../protocol/environment.js";
import type { Ipam } from "../protocol/ipam.js";
import type { ReleaseOption } from "../protocol/release-ips.js";
import type { PoolUtilization } from "../protocol/utilization.js";
import type { ReplayWorld } from "./world.js";

/** Steps of an operation that end in its result in the traces' form. */
export type RecordedSteps = Steps<JsonObject>;

function withError(result: JsonObject, error: CalicoError | null | undefined): JsonObject {
  if (error === null || error === undefined) return result;
  return { ...result, error: error.text, errorType: error.goType };
}

function addressTexts(assignment: FamilyAssignment): string[] {
  return assignment.taken.flatMap(({ block, ordinals }) =>
    ordinals.map((ordinal) => `${formatAddress(block.addressAt(ordinal))}/${block.prefix}`),
  );
}

function describeFamily(assignment: FamilyAssignment): JsonObject {
  const partial = partialFulfilmentText(assignment);
  return {
    ips: addressTexts(assignment),
    ...(assignment.messages.length > 0 && { msgs: assignment.messages }),
    ...(partial !== undefined && { partial }),
  };
}

function hostReserved(op: FieldReader): HostReserved | null {
  const reserved = op.child("reserved");
  if (reserved === undefined) return null;
  return {
    startOfBlock: reserved.number("startOfBlock"),
    endOfBlock: reserved.number("endOfBlock"),
    handle: reserved.text("handle"),
    note: reserved.text("note"),
  };
}

function contextOf(op: FieldReader): CallContext {
  return op.flag("windows") ? { ...UNLIMITED, windows: true } : UNLIMITED;
}

function* autoAssign(ipam: Ipam, op: FieldReader): RecordedSteps {
  const result = yield* ipam.autoAssign(contextOf(op), {
    num4: op.number("num4"),
    num6: op.number("num6"),
    handle: op.has("handle") ? op.text("handle") : null,
    attributes: op.textMap("attrs") ?? null,
    host: op.text("host"),
    pools4: op.cidrs("pools4"),
    pools6: op.cidrs("pools6"),
    maxBlocksPerHost: op.number("maxBlocksPerHost"),
    reserved4: hostReserved(op),
    reserved6: null,
    use: op.has("use") ? (op.text("use") as PoolUse) : "Workload",
    namespaceLabels: {},
  });
  const families: Record<string, Json> = {};
  if (result.v4 !== null) families["v4"] = describeFamily(result.v4);
  if (result.v6 !== null) families["v6"] = describeFamily(result.v6);
  return withError(families, result.error);
}

function* assignIp(ipam: Ipam, op: FieldReader): RecordedSteps {
  const address = parseAddress(op.text("ip"));
  if (address === undefined) throw new UnreadableField("op.ip: expected an address");
  const error = yield* ipam.assignIp(contextOf(op), {
    address,
    handle: op.has("handle") ? op.text("handle") : null,
    attributes: op.textMap("attrs") ?? null,
    host: op.text("host"),
    hostReserved: hostReserved(op),
  });
  return withError({}, error);
}

/** The sequence number stored for an address now, as a caller would have read it. */
function storedSequence(world: ReplayWorld, address: string): bigint {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new UnreadableField("op.ips: expected addresses");
  for (const { value: block } of world.datastore.listBlocks()) {
    if (block.cidr.contains(parsed)) return block.sequenceNumberOf(block.ordinalOf(parsed)) ?? 0n;
  }
  return 0n;
}

function* releaseIps(world: ReplayWorld, op: FieldReader): RecordedSteps {
  const options = op.objects("ips").map((entry): ReleaseOption => {
    const address = entry.text("address");
    return {
      address,
      handle: entry.has("handle") ? entry.text("handle") : undefined,
      sequenceNumber: entry.flag("useSequenceNumber") ? storedSequence(world, address) : undefined,
    };
  });
  const result = yield* world.ipam.releaseIps(UNLIMITED, options);
  return withError({ unallocated: result.unallocated.map(formatAddress) }, result.error);
}

function* claimAffinity(ipam: Ipam, op: FieldReader): RecordedSteps {
  const result = yield* ipam.claimAffinity(UNLIMITED, op.cidr("cidr"), op.text("host"));
  const texts = (cidrs: readonly Cidr[]) => cidrs.map((cidr) => cidr.text);
  return withError({ claimed: texts(result.claimed), failed: texts(result.failed) }, result.error);
}

function* releaseBlockAffinity(world: ReplayWorld, op: FieldReader): RecordedSteps {
  const cidr = op.cidr("cidr");
  // The caller's copy was read outside the recording.
  const block = world.datastore.block(cidr);
  if (block === undefined) {
    return {
      error: `resource does not exist: BlockKey(cidr=${cidr.text}) with error: <nil>`,
      errorType: "errors.ErrorResourceDoesNotExist",
    };
  }
  return withError({}, yield* world.ipam.releaseBlockAffinity(block, op.flag("mustBeEmpty")));
}

function* ipsByHandle(ipam: Ipam, op: FieldReader): RecordedSteps {
  const addresses = yield* ipam.ipsByHandle(op.text("handle"));
  if (addresses instanceof CalicoError) return withError({ ips: [] }, addresses);
  return { ips: addresses.map(formatAddress) };
}

function* getConfig(ipam: Ipam): RecordedSteps {
  const config = yield* ipam.config(UNLIMITED);
  if (config instanceof CalicoError) return withError({}, config);
  const { strictAffinity, autoAllocateBlocks, maxBlocksPerHost } = config;
  return { config: { strictAffinity, autoAllocateBlocks, maxBlocksPerHost } };
}

function* setConfig(ipam: Ipam, op: FieldReader): RecordedSteps {
  const wish: IpamConfig = {
    strictAffinity: op.flag("strictAffinity"),
    autoAllocateBlocks: op.flag("autoAllocateBlocks"),
    maxBlocksPerHost: op.number("maxBlocksPerHost"),
  };
  return withError({}, yield* ipam.setConfig(UNLIMITED, wish));
}

function describeUtilization(pools: readonly PoolUtilization[]): Json {
  return pools.map(({ name, cidr, blocks }) => ({
    pool: name,
    cidr: cidr.text,
    blocks:
      blocks.length === 0
        ? null
        : blocks.map((block) => [block.cidr.text, block.capacity, block.available]),
  }));
}

function* getUtilization(ipam: Ipam, op: FieldReader): RecordedSteps {
  const pools = yield* ipam.utilization(op.texts("pools"));
  if (pools instanceof CalicoError) return withError({}, pools);
  return { utilization: describeUtilization(pools) };
}

function* ensureBlock(ipam: Ipam, op: FieldReader): RecordedSteps {
  const result = yield* ipam.ensureBlock(contextOf(op), {
    host: op.text("host"),
    pools4: op.cidrs("pools4"),
    pools6: op.cidrs("pools6"),
    reserved4: hostReserved(op),
    reserved6: null,
  });
  return withError(result.v4 === null ? {} : { v4: result.v4.text }, result.error);
}

function* simple(steps: Steps<CalicoError | undefined>): RecordedSteps {
  return withError({}, yield* steps);
}

/** The steps of a recorded operation; throws `UnreadableField` for one that is not known. */
export function operationSteps(world: ReplayWorld, op: FieldReader): RecordedSteps {
  const { ipam } = world;
  const host = op.text("host");
  const mustBeEmpty = op.flag("mustBeEmpty");
  const name = op.text("op");
  switch (name) {
    case "autoAssign":
      return autoAssign(ipam, op);
    case "assignIP":
      return assignIp(ipam, op);
    case "releaseIPs":
      return releaseIps(world, op);
    case "releaseByHandle":
      return simple(ipam.releaseByHandle(op.text("handle")));
    case "ipsByHandle":
      return ipsByHandle(ipam, op);
    case "claimAffinity":
      return claimAffinity(ipam, op);
    case "releaseAffinity":
      return simple(ipam.releaseAffinity(op.cidr("cidr"), host, mustBeEmpty));
    case "releaseHostAffinities":
      return simple(ipam.releaseHostAffinities(host, mustBeEmpty));
    case "releaseBlockAffinity":
      return releaseBlockAffinity(world, op);
    case "releasePoolAffinities":
      return simple(ipam.releasePoolAffinities(op.cidr("cidr")));
    case "removeIPAMHost":
      return simple(ipam.removeIpamHost(host));
    case "getIPAMConfig":
      return getConfig(ipam);
    case "setIPAMConfig":
      return setConfig(ipam, op);
    case "getUtilization":
      return getUtilization(ipam, op);
    case "ensureBlock":
      return ensureBlock(ipam, op);
    default:
      throw new UnreadableField(`op.op: "${name}" is not a known operation`);
  }
}

const FAULT_ERRORS: readonly string[] = [
  "datastore",
  "notFound",
  "exists",
  "conflict",
  "timeout",
  "connectionLost",
] satisfies FaultError[];

/** The faults that an operation asks for. */
export function readFaults(op: FieldReader): Fault[] {
  return op.objects("faults").map((fault) => {
    const error = fault.text("error");
    if (!FAULT_ERRORS.includes(error)) {
      throw new UnreadableField(`op.faults.error: expected one of ${FAULT_ERRORS.join(", ")}`);
    }
    return {
      verb: fault.text("op") as Verb,
      kind: fault.text("kind") as Kind,
      nth: fault.number("nth"),
      error: error as FaultError,
      afterEffect: fault.flag("applied"),
    };
  });
}
