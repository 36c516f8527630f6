import type { Effect } from "../request.js";
import type { Response } from "../response.js";

/**
 * Requests outside Calico's datastore interface that a process makes one after the other: they cost
 * time and count, and change nothing that IPAM looks at.
 */
export class PlainRequests {
  /**
   * @param codes request codes in order, see `apiCode`.
   * @param pathOf path of the request at a place; asked for only when somebody looks.
   * @param status of every answer.
   */
  constructor(
    readonly codes: readonly number[],
    readonly pathOf: (place: number) => string,
    readonly status = 200,
  ) {}
}

/** The process sleeps until it is woken from outside. */
export const SUSPEND = "suspend";

/** Whatever a simulated process may ask for. */
export type ProcessEffect = Effect | PlainRequests | typeof SUSPEND;

/** The steps of a simulated process. */
export type ProcessSteps<T> = Generator<ProcessEffect, T, Response>;
