import { Cidr } from "../model/cidr.js";
import type { AffinityOwner } from "../model/affinity.js";
import { CalicoError, IpamError, textError } from "../model/calico-error.js";
import { claimBlock, claimPending } from "./affinity-claim.js";
import { releaseAffinity } from "./affinity-release.js";
import { readConfig } from "./config.js";
import { poolContaining, readPools } from "./consistency.js";
import {
  type CallContext,
  DATASTORE_RETRIES,
  type Environment,
  hostOrMachine,
  type Steps,
} from "./environment.js";

export interface ClaimAffinityResult {
  readonly claimed: readonly Cidr[];
  /** Blocks that other hosts hold. */
  readonly failed: readonly Cidr[];
  readonly error: CalicoError | null;
}

function notInPools(cidr: Cidr): CalicoError {
  return textError(`The requested CIDR (${cidr.text}) is not within any configured pools.`);
}

/** The blocks of a cidr, which must lie in an enabled pool and not be smaller than its blocks. */
function* blocksOf(env: Environment, cidr: Cidr): Steps<Iterable<Cidr> | CalicoError> {
  const pools = yield* readPools(env);
  if (pools instanceof CalicoError) return pools;
  const pool = poolContaining(pools.enabled[cidr.version], cidr.base);
  if (pool === undefined) {
    return notInPools(cidr);
  }
  const { blockSize } = pool.pool;
  if (cidr.prefix > blockSize) {
    return new IpamError(
      "invalidSize",
      `The requested CIDR (${cidr.text}) is smaller than the minimum.`,
    );
  }
  return blocksAscending(cidr, blockSize);
}

function* blocksAscending(cidr: Cidr, blockSize: number): Generator<Cidr, void, undefined> {
  const count = 2 ** (blockSize - cidr.prefix);
  const first = Cidr.containing(cidr.base, blockSize);
  for (let i = 0; i < count; i++) {
    const base =
      typeof first.base === "number"
        ? first.base + i * first.size
        : first.base + BigInt(i) * BigInt(first.size);
    yield Cidr.containing(base, blockSize);
  }
}

/**
 * Claims every block of a cidr for a host (`ClaimAffinity`, libcalico-go/lib/ipam/ipam.go@v3.28.4). A
 * block that kept conflicting is in neither list, and there is no error.
 */
export function* claimAffinity(
  env: Environment,
  context: CallContext,
  cidr: Cidr,
  host: string,
): Steps<ClaimAffinityResult> {
  const claimed: Cidr[] = [];
  const failed: Cidr[] = [];
  const blocks = yield* blocksOf(env, cidr);
  if (blocks instanceof CalicoError) return { claimed, failed, error: blocks };
  const config = yield* readConfig(env, context);
  if (config instanceof CalicoError) return { claimed, failed, error: config };
  const owner: AffinityOwner = { type: "host", host: hostOrMachine(env, host) };
  for (const block of blocks) {
    const outcome = yield* claimOne(env, owner, block);
    if (outcome === "claimed") claimed.push(block);
    else if (outcome?.kind === "claimConflict") failed.push(block);
    else if (outcome !== undefined) return { claimed, failed, error: outcome };
  }
  return { claimed, failed, error: null };
}

/** Undefined when every attempt ended in a conflict. */
function* claimOne(
  env: Environment,
  owner: AffinityOwner,
  cidr: Cidr,
): Steps<"claimed" | CalicoError | undefined> {
  for (let round = 0; round < DATASTORE_RETRIES; round++) {
    const affinity = yield* claimPending(owner, cidr);
    if (affinity instanceof CalicoError) {
      if (affinity.kind === "conflict") continue;
      return affinity;
    }
    const block = yield* claimBlock(env, affinity, null);
    if (!(block instanceof CalicoError)) return "claimed";
    if (block.kind !== "conflict") return block;
  }
  return undefined;
}

/**
 * Gives up every block of a cidr (`ReleaseAffinity`, libcalico-go/lib/ipam/ipam.go@v3.28.4).
 *
 * @returns the first error that is not "somebody else's" or "not there".
 */
export function* releaseCidrAffinity(
  env: Environment,
  cidr: Cidr,
  host: string,
  mustBeEmpty: boolean,
): Steps<CalicoError | undefined> {
  const blocks = yield* blocksOf(env, cidr);
  if (blocks instanceof CalicoError) {
    const hidesListError = env.release.releaseAffinityPoolListError !== "the list's error";
    return hidesListError && blocks.kind !== "invalidSize" ? notInPools(cidr) : blocks;
  }
  const owner: AffinityOwner = { type: "host", host: hostOrMachine(env, host) };
  for (const block of blocks) {
    const error = yield* releaseRetrying(owner, block, mustBeEmpty);
    if (error === undefined || error.kind === "claimConflict" || error.kind === "notFound")
      continue;
    if (error.kind !== "conflict") return error;
  }
  return undefined;
}

/** `releaseAffinity` again and again while it conflicts; a conflict is returned in the end. */
export function* releaseRetrying(
  owner: AffinityOwner,
  cidr: Cidr,
  mustBeEmpty: boolean,
): Steps<CalicoError | undefined> {
  let error: CalicoError | undefined;
  for (let round = 0; round < DATASTORE_RETRIES; round++) {
    error = yield* releaseAffinity(owner, cidr, mustBeEmpty);
    if (error?.kind !== "conflict") return error;
  }
  return error;
}
