import type { Effect } from "../request.js";
import type { Response } from "../response.js";

/**
 * Requests outside Calico's datastore interface that a process makes one after the other: they cost
 * time and count, and change nothing that IPAM looks at.
 */
export class PlainRequests {
  /** @param codes request codes in order, see `apiCode`. */
  constructor(
    readonly codes: readonly number[],
    /** Path of each, for recordings. */
    readonly paths: readonly string[],
    readonly statuses: readonly number[],
  ) {}
}

/** The process sleeps until it is woken from outside. */
export const SUSPEND = "suspend";

/** Whatever a simulated process may ask for. */
export type ProcessEffect = Effect | PlainRequests | typeof SUSPEND;

/** The steps of a simulated process. */
export type ProcessSteps<T> = Generator<ProcessEffect, T, Response>;
