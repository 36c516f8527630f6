import {
  createHandle,
  deleteHandle,
  getHandle,
  type RequestContext,
  updateHandle,
} from "../datastore/request.js";
import type { Entry, Found } from "../datastore/response.js";
import { CalicoError, textError } from "../model/calico-error.js";
import type { Cidr } from "../model/cidr.js";
import { type Handle, handleCount, withFewer, withMore } from "../model/handle.js";
import {
  DATASTORE_RETRIES,
  type Environment,
  MAX_RETRIES_TEXT,
  type Steps,
} from "./environment.js";

/**
 * Counts a handle up before its addresses are written to the block (`incrementHandle`,
 * libcalico-go/lib/ipam/ipam.go@v3.28.4).
 */
export function* incrementHandle(
  id: string,
  cidr: Cidr,
  more: number,
): Steps<CalicoError | undefined> {
  for (let round = 0; round < DATASTORE_RETRIES; round++) {
    const found = (yield getHandle(id, "caller")) as Found<Handle>;
    if (found instanceof CalicoError && found.kind !== "notFound") return found;
    const written = (yield found instanceof CalicoError
      ? createHandle({ id, blocks: [{ cidr, count: more }] })
      : updateHandle(found, withMore(found.value, cidr, more), "caller")) as Found<Handle>;
    if (!(written instanceof CalicoError)) return undefined;
  }
  return textError(MAX_RETRIES_TEXT);
}

/** Deadline of the requests that take a count back after a failed block write. */
export function cleanupContext(env: Environment): RequestContext {
  return env.release.handleCleanupDeadline === "at least 30 s" ? "cleanup" : "caller";
}

/**
 * Counts a handle down after its addresses left the block; a handle without addresses is deleted
 * (`decrementHandle`, libcalico-go/lib/ipam/ipam.go@v3.28.4). Callers only log its error.
 *
 * @param cached a copy read earlier, used in the first round instead of reading.
 */
export function* decrementHandle(
  id: string,
  cidr: Cidr,
  fewer: number,
  context: RequestContext,
  cached?: Entry<Handle>,
): Steps<CalicoError | undefined> {
  for (let round = 0; round < DATASTORE_RETRIES; round++) {
    let found: Found<Handle>;
    if (round === 0 && cached !== undefined) found = cached;
    else found = (yield getHandle(id, context)) as Found<Handle>;
    if (found instanceof CalicoError) return found;
    const held = handleCount(found.value, cidr);
    if (held === 0) {
      return textError(
        `Tried to decrement block ${cidr.text} by ${fewer} but it isn't linked to handle ${id}`,
      );
    }
    if (held < fewer) {
      return textError(
        `Tried to decrement block ${cidr.text} by ${fewer} but it only has ${held} addresses ` +
          `on handle ${id}`,
      );
    }
    const isLast = held === fewer && found.value.blocks.length === 1;
    const written = (yield isLast
      ? deleteHandle(found, context)
      : updateHandle(found, withFewer(found.value, cidr, fewer), context)) as Found<Handle>;
    if (!(written instanceof CalicoError)) return undefined;
    if (isLast && written.kind === "notFound") return undefined;
    if (written.kind !== "conflict") return written;
  }
  return textError(MAX_RETRIES_TEXT);
}
