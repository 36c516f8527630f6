import { type AllocatorLayout, STATISTICS_LENGTH } from "./layout.js";

/** Doubles of a thread's statistics; written by that thread alone, read by all. */
export const Statistic = {
  assigns: 0,
  releases: 1,
  /** Addresses taken from blocks of other nodes or of none. */
  borrowed: 2,
  claims: 3,
  /** Blocks that another thread claimed first. */
  claimsLost: 4,
  /** Operations that gave a block up after the bounded number of retries. */
  retriesExhausted: 5,
  /** Lists of a node's own blocks read again because another thread had changed them. */
  ownListRereads: 6,
  /** Times that a node's list was held by another thread. */
  nodeLockWaits: 7,
  /** Coarse lock: acquisitions, those that had to wait, and the most waiters seen. */
  lockAcquisitions: 8,
  lockContended: 9,
  lockWaitersMax: 10,
  /** From here on: failed assignments by status. */
  failedByStatus: 16,
  /** From here on: operations with n failed compare-and-swaps; the last place is "or more". */
  operationsByRetries: 32,
} as const;

/** Places of `operationsByRetries`: 0 to 30 retries, and more. */
export const RETRY_PLACES = STATISTICS_LENGTH - Statistic.operationsByRetries;

/** The statistics of one thread as a view into the shared memory. */
export function statisticsOf(
  memory: SharedArrayBuffer,
  layout: AllocatorLayout,
  thread: number,
): Float64Array {
  const at = layout.statisticsAt + thread * STATISTICS_LENGTH;
  return new Float64Array(memory, at * 8, STATISTICS_LENGTH);
}
