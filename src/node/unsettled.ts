import type { MemoryDatastore } from "../datastore/memory.js";

/** Affinities that are on their way, and those whose node is gone. */
export interface UnsettledAffinities {
  pending: number;
  beingDeleted: number;
  ofGoneNodes: number;
}

/** Counts the affinities that say that something is not finished. */
export function unsettledAffinities(datastore: MemoryDatastore): UnsettledAffinities {
  const counts = { pending: 0, beingDeleted: 0, ofGoneNodes: 0 };
  for (const { state, type, host } of datastore.affinities()) {
    if (state === "pending") counts.pending++;
    if (state === "pendingDeletion") counts.beingDeleted++;
    if (type === "host" && !datastore.hasNode(host)) counts.ofGoneNodes++;
  }
  return counts;
}
