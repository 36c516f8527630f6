import { getAffinity, listBlocks } from "../datastore/request.js";
import type { BlockListing, Entry, Found } from "../datastore/response.js";
import type { Affinity, AffinityOwner } from "../model/affinity.js";
import { type Block, freeCount, type HostReserved, isEmptyBlock } from "../model/block.js";
import { CalicoError, IpamError, textError } from "../model/calico-error.js";
import type { Cidr } from "../model/cidr.js";
import type { ReservedAddresses } from "../model/reservation.js";
import { claimPending, fetchBlock } from "./affinity-claim.js";
import { releaseAffinity } from "./affinity-release.js";
import { readConfig } from "./config.js";
import {
  type CallContext,
  DATASTORE_RETRIES,
  type Environment,
  MAX_RETRIES_TEXT,
  type Steps,
} from "./environment.js";
import type { PoolView } from "./pool-views.js";

/** `maxBlockReclaimAge` of v3.32.0: younger claims are left alone. */
const RECLAIM_MIN_AGE_SECONDS = 60;

/** Releasing for it fails before the first call. */
const NOBODY: AffinityOwner = { type: "host", host: "" };

/** One search for blocks; the list of own blocks is consumed across calls of `findOrClaim`. */
export interface BlockSearch {
  readonly owner: AffinityOwner;
  /** Pools that may be claimed from, in order. */
  readonly pools: readonly PoolView[];
  readonly hostReserved: HostReserved | null;
  readonly reserved: ReservedAddresses;
  /** Own blocks that were not looked at yet. */
  readonly ownBlocks: Cidr[];
}

/** A block to assign from, and whether the search claimed it. */
export interface FoundBlock {
  readonly entry: Entry<Block>;
  readonly isNew: boolean;
}

/** Claiming is off because the host holds as many blocks as it may. */
const BLOCK_LIMIT = new IpamError(
  "blockLimit",
  "cannot allocate new block due to per host block limit",
);

/**
 * The next own block with at least `minimum` free addresses, else a newly claimed one
 * (`findOrClaimBlock`, libcalico-go/lib/ipam/ipam.go@v3.28.4).
 */
export function* findOrClaim(
  env: Environment,
  context: CallContext,
  search: BlockSearch,
  minimum: number,
  mayClaim: boolean,
): Steps<FoundBlock | CalicoError> {
  const own = yield* nextOwnBlock(env, context, search, minimum);
  if (own !== undefined) return { entry: own, isNew: false };
  if (!mayClaim) return BLOCK_LIMIT;
  const config = yield* readConfig(env, context);
  if (config instanceof CalicoError) return config;
  if (!config.autoAllocateBlocks) return textError("failed to find or claim a block");
  const claimed = yield* claimNewBlock(env, context, search);
  if (claimed instanceof CalicoError) return claimed;
  const free = freeCount(claimed.value, search.reserved);
  if (free >= minimum) return { entry: claimed, isNew: true };
  return textError(
    `Block '${claimed.value.cidr.text}' has ${free} free ips which is less than ` +
      `${minimum} ips required.`,
  );
}

function* nextOwnBlock(
  env: Environment,
  context: CallContext,
  search: BlockSearch,
  minimum: number,
): Steps<Entry<Block> | undefined> {
  for (;;) {
    const cidr = search.ownBlocks.shift();
    if (cidr === undefined) return undefined;
    if (search.reserved.coversWhole(cidr)) continue;
    for (let round = 0; round < DATASTORE_RETRIES; round++) {
      const affinity = (yield getAffinity(search.owner, cidr)) as Found<Affinity>;
      if (affinity instanceof CalicoError) break;
      const block = yield* fetchBlock(env, context, affinity, search.hostReserved);
      if (block instanceof CalicoError) {
        if (block.kind === "conflict") continue;
        break;
      }
      if (freeCount(block.value, search.reserved) >= minimum) return block;
      break;
    }
  }
}

/** Looks for a usable cidr and claims it, again and again while other hosts are faster. */
function* claimNewBlock(
  env: Environment,
  context: CallContext,
  search: BlockSearch,
): Steps<Found<Block>> {
  for (let round = 0; round < DATASTORE_RETRIES; round++) {
    const cidr = yield* findUsable(env, context, search);
    if (cidr instanceof CalicoError) return cidr;
    const block = yield* tryClaim(env, context, search, cidr);
    if (!(block instanceof CalicoError)) return block;
    if (
      block.kind !== "conflict" &&
      block.kind !== "claimConflict" &&
      block.kind !== "staleAffinity"
    ) {
      return block;
    }
  }
  return textError(MAX_RETRIES_TEXT);
}

/** Claims one cidr; a conflict is returned only when all attempts ended in one. */
function* tryClaim(
  env: Environment,
  context: CallContext,
  search: BlockSearch,
  cidr: Cidr,
): Steps<Found<Block>> {
  let last: CalicoError | undefined;
  for (let attempt = 0; attempt < DATASTORE_RETRIES; attempt++) {
    const affinity = yield* claimPending(search.owner, cidr);
    if (affinity instanceof CalicoError) {
      if (affinity.kind !== "conflict") return affinity;
      last = affinity;
      continue;
    }
    const block = yield* fetchBlock(env, context, affinity, search.hostReserved);
    if (!(block instanceof CalicoError) || block.kind !== "conflict") return block;
    last = block;
  }
  return last!;
}

/**
 * The first cidr of the host's walk over each pool that has no block, or a block of this host with
 * free addresses (`findUsableBlock`). It lists all blocks of all pools.
 */
function* findUsable(
  env: Environment,
  context: CallContext,
  search: BlockSearch,
): Steps<Cidr | CalicoError> {
  const listed = (yield listBlocks(0)) as BlockListing | CalicoError;
  if (listed instanceof CalicoError) return listed;
  const emptyBlocks: Block[] = [];
  for (const pool of search.pools) {
    const walk = pool.blocks.walk(search.owner.host, env.nowNs);
    for (let cidr = walk.next(); cidr !== undefined; cidr = walk.next()) {
      if (search.reserved.coversWhole(cidr)) continue;
      const block = listed.lookup(cidr)?.value;
      if (block === undefined) return cidr;
      const free = freeCount(block, search.reserved);
      if (free === 0) continue;
      if (block.isOwnedBy(search.owner)) return cidr;
      if (isEmptyBlock(block)) emptyBlocks.push(block);
    }
  }
  if (env.release.reclaimEmptyBlocks !== "never") {
    const reclaimed = yield* reclaimFirst(env, context, emptyBlocks);
    if (reclaimed !== undefined) return reclaimed;
  }
  return new IpamError("noFreeBlocks", "No Free Blocks");
}

/** Takes the first empty block that is old enough away from its owner (since v3.32.0). */
function* reclaimFirst(
  env: Environment,
  context: CallContext,
  candidates: readonly Block[],
): Steps<Cidr | CalicoError | undefined> {
  for (const block of candidates) {
    if (block.claimTimeSeconds !== null) {
      const ageNs = env.nowNs() - BigInt(block.claimTimeSeconds) * 1_000_000_000n;
      if (ageNs < BigInt(RECLAIM_MIN_AGE_SECONDS) * 1_000_000_000n) continue;
    }
    const owner = block.affinity ?? NOBODY;
    const error = yield* releaseAffinity(owner, block.cidr, true, block.sequenceNumber);
    if (error === undefined) return block.cidr;
    const ended = context.ended();
    if (ended !== undefined) return ended;
  }
  return undefined;
}
