import { getBlock, updateBlock } from "../datastore/request.js";
import type { Entry, Found } from "../datastore/response.js";
import { type AddressNumber, formatAddress, versionOf } from "../model/address.js";
import type { AffinityOwner } from "../model/affinity.js";
import { type Block, type HostReserved, withAllocated } from "../model/block.js";
import { CalicoError, ResourceError, textError, wrapError } from "../model/calico-error.js";
import { Cidr } from "../model/cidr.js";
import { claimBlock, claimPending } from "./affinity-claim.js";
import { readConfig } from "./config.js";
import { poolContaining, readPools } from "./consistency.js";
import {
  type CallContext,
  DATASTORE_RETRIES,
  type Environment,
  hostOrMachine,
  MAX_RETRIES_TEXT,
  type Steps,
} from "./environment.js";
import { cleanupContext, decrementHandle, incrementHandle } from "./handle-count.js";

/** Arguments of AssignIP, every default filled in. */
export interface AssignIpArguments {
  readonly address: AddressNumber;
  readonly handle: string | null;
  readonly attributes: Readonly<Record<string, string>> | null;
  /** Empty stands for the machine's name. */
  readonly host: string;
  readonly hostReserved: HostReserved | null;
}

/**
 * Assigns one given address (`AssignIP`, libcalico-go/lib/ipam/ipam.go@v3.28.4). Node selectors,
 * allowed uses and reservations do not matter here.
 *
 * @returns the error, or undefined when the address is assigned.
 */
export function* assignIp(
  env: Environment,
  context: CallContext,
  args: AssignIpArguments,
): Steps<CalicoError | undefined> {
  const pools = yield* readPools(env);
  if (pools instanceof CalicoError) return pools;
  const pool = poolContaining(pools.enabled[versionOf(args.address)], args.address);
  if (pool === undefined) {
    return textError("The provided IP address is not in a configured pool\n");
  }
  const config = yield* readConfig(env, context);
  if (config instanceof CalicoError) return config;
  const owner: AffinityOwner = { type: "host", host: hostOrMachine(env, args.host) };
  const cidr = Cidr.containing(args.address, pool.pool.blockSize);
  for (let round = 0; round < DATASTORE_RETRIES; round++) {
    let block = (yield getBlock(cidr)) as Found<Block>;
    if (block instanceof CalicoError) {
      if (block.kind !== "notFound") return block;
      const again = yield* readConfig(env, context);
      if (again instanceof CalicoError) return again;
      block = yield* claim(env, owner, cidr, args.hostReserved);
      if (block instanceof CalicoError) {
        if (block.kind === "conflict") continue;
        return block;
      }
    }
    const error = yield* assignInto(env, block, owner, config.strictAffinity, args);
    if (error?.kind !== "conflict") return error;
  }
  return textError(MAX_RETRIES_TEXT);
}

function* claim(
  env: Environment,
  owner: AffinityOwner,
  cidr: Cidr,
  hostReserved: HostReserved | null,
): Steps<Found<Block>> {
  const affinity = yield* claimPending(owner, cidr);
  if (affinity instanceof CalicoError) return affinity;
  return yield* claimBlock(env, affinity, hostReserved);
}

/** One attempt to write the address; only a conflict is tried again by the caller. */
function* assignInto(
  env: Environment,
  entry: Entry<Block>,
  owner: AffinityOwner,
  isStrict: boolean,
  args: AssignIpArguments,
): Steps<CalicoError | undefined> {
  const block = entry.value;
  const { cidr } = block;
  if (isStrict) {
    if (block.affinity === null) {
      return textError(`Attempt to assign from block ${cidr.text} with no affinity`);
    }
    if (!block.isOwnedBy(owner)) {
      return textError("Block host affinity does not match");
    }
  }
  const ordinal = block.ordinalOf(args.address);
  if (block.isAllocated(ordinal)) {
    const dialect = { existsShowsInner: env.release.existsErrorShowsInner };
    const id = formatAddress(args.address);
    return new ResourceError("exists", id, dialect, "Address already assigned in block");
  }
  const left = block.unallocated.filter((free) => free !== ordinal);
  const attribute = { handle: args.handle, secondary: args.attributes };
  const assigned = withAllocated(block, [ordinal], left, attribute);
  if (args.handle !== null) {
    const error = yield* incrementHandle(args.handle, cidr, 1);
    if (error !== undefined && env.release.handleIncrementError !== "ignored") {
      return wrapError("failed to increment handle", error);
    }
  }
  const written = (yield updateBlock(entry, assigned)) as Found<Block>;
  if (!(written instanceof CalicoError)) return undefined;
  // A conflict does not take the count back: the handle then counts one too many.
  if (written.kind !== "conflict" && args.handle !== null) {
    yield* decrementHandle(args.handle, cidr, 1, cleanupContext(env));
  }
  return written;
}
