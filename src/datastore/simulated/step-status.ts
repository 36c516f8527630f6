import { ResourceError } from "../../model/calico-error.js";
import type { DatastoreRequest } from "../request.js";
import type { Response } from "../response.js";
import { NEXT_STEP } from "./timed-store.js";

/** HTTP status of the answer to one step of a datastore call. */
export function statusOfStep(
  request: DatastoreRequest,
  step: number,
  outcome: Response | typeof NEXT_STEP,
): number {
  if (outcome !== NEXT_STEP && outcome instanceof ResourceError) {
    // A get that removed a flagged object ends in an error, and its last request worked.
    if (request.verb === "get" && step > 0) return 200;
    return outcome.kind === "notFound" ? 404 : 409;
  }
  if (request.verb === "apply" && step === 0) return outcome === NEXT_STEP ? 409 : 201;
  return request.verb === "create" ? 201 : 200;
}
