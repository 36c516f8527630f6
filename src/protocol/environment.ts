import type { Effect } from "../datastore/request.js";
import type { Response } from "../datastore/response.js";
import type { CalicoError } from "../model/calico-error.js";
import type { Behaviours } from "../releases/behaviours.js";
import type { PoolViews } from "./pool-views.js";

/**
 * The steps of an operation: it yields what it wants of the world and is resumed with the answer.
 * Between two steps no time passes and nothing else happens.
 */
export type Steps<T> = Generator<Effect, T, Response>;

/** The caller's side of an operation: its deadline, and what kind of machine it runs on. */
export interface CallContext {
  /** The error of the ended context (deadline, cancellation); undefined while it goes on. */
  ended(): CalicoError | undefined;
  /** The operation runs on, or is marked as being for, a Windows node. */
  readonly windows: boolean;
}

/** A caller without deadline on a machine that is not Windows. */
export const UNLIMITED: CallContext = { ended: () => undefined, windows: false };

/**
 * Everything an operation depends on but its arguments and the datastore. One environment serves any
 * number of operations; its caches hold only what follows from pools and host names.
 */
export interface Environment {
  readonly release: Behaviours;
  /** Name that a missing host stands for. */
  readonly machineName: string;
  /** Wall clock in nanoseconds since 1970. */
  readonly nowNs: () => bigint;
  /**
   * Puts the keys of a Go map in the order in which the library would visit them: ascending when a
   * recording is to be met, a seeded choice otherwise.
   */
  mapOrder<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[];
  readonly poolViews: PoolViews;
}

/** Ascending order of map keys, as the recorded traces have it. */
export function ascendingMapOrder<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
): readonly T[] {
  if (items.length < 2) return items;
  return [...items].sort((a, b) => {
    const keyA = keyOf(a);
    const keyB = keyOf(b);
    return keyA < keyB ? -1 : keyA > keyB ? 1 : 0;
  });
}

/** Bound of every retry loop: `datastoreRetries` of libcalico-go/lib/ipam/ipam.go@v3.28.4. */
export const DATASTORE_RETRIES = 100;

/** What the library says when a retry loop is exhausted. */
export const MAX_RETRIES_TEXT = "Max retries hit - excessive concurrent IPAM requests";

/** The host an operation works for: the one given, or this machine's, trimmed and in lower case. */
export function hostOrMachine(env: Environment, host: string): string {
  return host === "" ? env.machineName.trim().toLowerCase() : host;
}
