import {
  deleteBlock,
  getBlock,
  listBlocks,
  listHandles,
  updateBlock,
} from "../datastore/request.js";
import type { BlockListing, Entry, Found, Listed } from "../datastore/response.js";
import {
  type AddressNumber,
  formatAddress,
  type IpVersion,
  parseAddress,
  versionOf,
} from "../model/address.js";
import { type Block, isEmptyBlock, withAddressesReleased } from "../model/block.js";
import { CalicoError, ResourceError, textError } from "../model/calico-error.js";
import { Cidr } from "../model/cidr.js";
import { type Handle, sanitiseHandle } from "../model/handle.js";
import { ensureConsistentAffinity, poolContaining, readPools } from "./consistency.js";
import {
  type CallContext,
  DATASTORE_RETRIES,
  type Environment,
  MAX_RETRIES_TEXT,
  type Steps,
} from "./environment.js";
import { decrementHandle } from "./handle-count.js";
import type { PoolView } from "./pool-views.js";

/** One address to release, and what it must still be for the release to be right. */
export interface ReleaseOption {
  readonly address: string;
  /** The handle that must hold it; absent is any. */
  readonly handle?: string | undefined;
  /** The sequence number at which it must have been assigned; absent is any. */
  readonly sequenceNumber?: bigint | undefined;
}

export interface ReleaseIpsResult {
  /** Addresses that were not assigned. */
  readonly unallocated: readonly AddressNumber[];
  /** Options that met no error, per block all or nothing; null before v3.31.0. */
  readonly released: readonly ReleaseOption[] | null;
  readonly error: CalicoError | null;
}

interface Target {
  readonly address: AddressNumber;
  readonly option: ReleaseOption;
}

interface BlockTargets {
  readonly cidr: Cidr;
  readonly targets: Target[];
}

/** From this many options on, all handles are listed once instead of being read one by one. */
const HANDLE_LIST_THRESHOLD = 3;

/**
 * Releases addresses one by one or in bulk (`ReleaseIPs`, libcalico-go/lib/ipam/ipam.go@v3.28.4). The
 * library works on blocks in parallel; here they follow each other in map order.
 */
export function* releaseIps(
  env: Environment,
  context: CallContext,
  options: readonly ReleaseOption[],
): Steps<ReleaseIpsResult> {
  const unallocated: AddressNumber[] = [];
  const released: ReleaseOption[] | null = env.release.releaseIpsReturnsReleased ? [] : null;
  const failed = (error: CalicoError): ReleaseIpsResult => ({ unallocated, released, error });
  for (const option of options) {
    if (option.address === "") {
      return failed(textError(`No IP address specified in options: ${optionText(option)}`));
    }
  }
  const located = yield* locate(env, options, unallocated);
  if (located instanceof CalicoError) return failed(located);
  let cached: ReadonlyMap<string, Entry<Handle>> | undefined;
  if (options.length >= HANDLE_LIST_THRESHOLD) {
    const listed = (yield listHandles()) as Listed<Entry<Handle>>;
    if (listed instanceof CalicoError) return failed(listed);
    cached = new Map(listed.map((entry) => [entry.value.id, entry]));
  }
  if (context.ended() !== undefined) {
    return failed(textError("panic: context ended before the blocks were released"));
  }
  let error: CalicoError | null = null;
  for (const { cidr, targets } of env.mapOrder(located, (block) => block.cidr.text)) {
    const outcome = yield* releaseInBlock(env, cidr, targets, cached);
    if (outcome instanceof CalicoError) {
      error ??= outcome;
    } else {
      unallocated.push(...outcome);
      released?.push(...targets.map((target) => target.option));
    }
  }
  return { unallocated, released, error };
}

/** An option as Go prints it; where Go would print a pointer's address, this is the number. */
function optionText({ address, handle, sequenceNumber }: ReleaseOption): string {
  return `{Address:${address} Handle:${handle ?? ""} SequenceNumber:${sequenceNumber ?? "<nil>"}}`;
}

/** Finds the block of each address; those in no block are noted as unallocated. */
function* locate(
  env: Environment,
  options: readonly ReleaseOption[],
  unallocated: AddressNumber[],
): Steps<BlockTargets[] | CalicoError> {
  const pools = yield* readReleasePools(env);
  if (pools instanceof CalicoError) return pools;
  const blocks = new Map<string, BlockTargets>();
  let listed: BlockListing | undefined;
  for (const option of options) {
    const address = parseAddress(option.address);
    if (address === undefined) return textError(`failed to parse IP: ${option.address}`);
    const pool = yield* poolFor(env, address, pools[versionOf(address)]);
    if (pool instanceof CalicoError) return pool;
    let cidr: Cidr | undefined;
    if (pool === undefined) {
      if (listed === undefined || env.release.releaseIpsBlockLists === "one per address") {
        const answer = (yield listBlocks(versionOf(address))) as BlockListing | CalicoError;
        if (answer instanceof CalicoError) return answer;
        listed = keep(answer);
      }
      cidr = blockContaining(listed, address);
    } else {
      cidr = Cidr.containing(address, pool.pool.blockSize);
    }
    if (cidr === undefined) {
      unallocated.push(address);
      continue;
    }
    const block = blocks.get(cidr.text) ?? { cidr, targets: [] };
    blocks.set(cidr.text, block);
    block.targets.push({ address, option });
  }
  return [...blocks.values()];
}

/** A copy of a block list that outlives the next request. */
function keep(listing: BlockListing): BlockListing {
  const entries = [...listing.entries()];
  return { count: entries.length, entries: () => entries, lookup: (cidr) => listing.lookup(cidr) };
}

function blockContaining(listing: BlockListing, address: AddressNumber): Cidr | undefined {
  for (const { value } of listing.entries()) if (value.cidr.contains(address)) return value.cidr;
  return undefined;
}

type PoolsByVersion = Readonly<Record<IpVersion, readonly PoolView[]>>;

function* readReleasePools(env: Environment): Steps<PoolsByVersion | CalicoError> {
  const first = yield* readPools(env);
  if (first instanceof CalicoError) return first;
  if (env.release.releaseIpsPools === "all, one list") return { 4: first.all, 6: first.all };
  const second = yield* readPools(env);
  if (second instanceof CalicoError) return second;
  return { 4: first.enabled[4], 6: second.enabled[6] };
}

/** The pool of an address; without given pools the enabled ones are listed for it. */
function* poolFor(
  env: Environment,
  address: AddressNumber,
  given: readonly PoolView[],
): Steps<PoolView | CalicoError | undefined> {
  if (given.length > 0) return poolContaining(given, address);
  const pools = yield* readPools(env);
  if (pools instanceof CalicoError) return pools;
  return poolContaining(pools.enabled[versionOf(address)], address);
}

interface Freed {
  readonly block: Block;
  readonly unallocated: readonly AddressNumber[];
  /** Handles that lost addresses. */
  readonly handles: readonly string[];
}

/** Checks what is to be freed against the block and frees it; a mismatch fails the whole block. */
function free(env: Environment, block: Block, targets: readonly Target[]): Freed | CalicoError {
  const unique = new Map(targets.map((target) => [target.option.address, target]));
  const unallocated: AddressNumber[] = [];
  const ordinals: number[] = [];
  const handles = new Set<string>();
  for (const target of env.mapOrder([...unique.values()], ({ option }) => option.address)) {
    const { handle, sequenceNumber } = target.option;
    const ordinal = block.ordinalOf(target.address);
    const storedSequence = block.sequenceNumberOf(ordinal) ?? 0n;
    if (sequenceNumber !== undefined && sequenceNumber !== storedSequence) {
      return staleRequest(env, target);
    }
    const attribute = block.attributeOf(ordinal);
    if (attribute === undefined) {
      unallocated.push(target.address);
      continue;
    }
    const stored = sanitiseHandle(attribute.handle ?? "");
    const wanted = sanitiseHandle(handle ?? "");
    if (wanted !== "" && wanted !== stored) return staleRequest(env, target);
    ordinals.push(ordinal);
    if (stored !== "") handles.add(stored);
  }
  return { block: withAddressesReleased(block, ordinals), unallocated, handles: [...handles] };
}

function staleRequest(env: Environment, target: Target): CalicoError {
  const dialect = { existsShowsInner: env.release.existsErrorShowsInner };
  return new ResourceError("conflict", formatAddress(target.address), dialect);
}

function* releaseInBlock(
  env: Environment,
  cidr: Cidr,
  targets: readonly Target[],
  cached: ReadonlyMap<string, Entry<Handle>> | undefined,
): Steps<readonly AddressNumber[] | CalicoError> {
  for (let round = 0; round < DATASTORE_RETRIES; round++) {
    const found = (yield getBlock(cidr)) as Found<Block>;
    if (found instanceof CalicoError) {
      if (found.kind === "notFound") return targets.map((target) => target.address);
      return found;
    }
    const freed = free(env, found.value, targets);
    if (freed instanceof CalicoError) return freed;
    if (freed.unallocated.length === targets.length) return freed.unallocated;
    const isGone = freed.block.affinity === null && isEmptyBlock(freed.block);
    const written = (yield isGone
      ? deleteBlock(found)
      : updateBlock(found, freed.block)) as Found<Block>;
    if (written instanceof CalicoError) {
      if (written.kind === "conflict") continue;
      return written;
    }
    // Always by one, however many of the handle's addresses were freed: a defect of the library.
    for (const handle of env.mapOrder(freed.handles, (id) => id)) {
      yield* decrementHandle(handle, cidr, 1, "caller", cached?.get(handle));
    }
    yield* ensureConsistentAffinity(env, freed.block);
    return freed.unallocated;
  }
  return textError(MAX_RETRIES_TEXT);
}
