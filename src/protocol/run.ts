import type { Datastore } from "../datastore/datastore.js";
import { DatastoreRequest } from "../datastore/request.js";
import type { Steps } from "./environment.js";

/** Performs an operation to its end on a datastore that answers at once. Pauses take no time. */
export function runToEnd<T>(steps: Steps<T>, datastore: Datastore): T {
  let next = steps.next(undefined);
  while (!next.done) {
    const effect = next.value;
    next = steps.next(effect instanceof DatastoreRequest ? datastore.perform(effect) : undefined);
  }
  return next.value;
}
