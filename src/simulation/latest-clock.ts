import type { MemoryDatastore } from "../datastore/memory.js";

/** Sequence numbers begin as readings of the clock; one beyond the year 2096 is none. */
const PLAUSIBLE_MAX_NS = 4_000_000_000_000_000_000n;

/**
 * The latest time that the blocks tell by a sequence number or the time they were claimed, so that a
 * run can go on after it: nanoseconds since 1970, at least `floorNs`.
 */
export function latestClockNs(datastore: MemoryDatastore, floorNs: bigint): bigint {
  let latestNs = floorNs;
  for (const { value: block } of datastore.blocks) {
    const claimedNs = BigInt(block.claimTimeSeconds ?? 0) * 1_000_000_000n;
    for (const ns of [block.sequenceNumber, claimedNs]) {
      if (ns > latestNs && ns < PLAUSIBLE_MAX_NS) latestNs = ns;
    }
  }
  return latestNs;
}
