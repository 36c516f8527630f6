import { CalicoError, DatastoreError, ResourceError } from "../model/calico-error.js";
import type { Datastore } from "./datastore.js";
import type { DatastoreRequest } from "./request.js";
import type { BlockListing, Response } from "./response.js";

/**
 * One recorded call: client, verb, object, outcome, and for a list that worked the number of items.
 * The words are those of the recorded traces (see test/fixtures/golden).
 */
export type RecordedCall = readonly [
  client: number,
  verb: string,
  object: string,
  outcome: string,
  count?: number,
];

/** The object of a request in the traces' words, for instance `affinity node-1 10.0.0.0/26`. */
export function describeObject(request: DatastoreRequest): string {
  const { verb, kind, name, cidr, owner, version } = request;
  if (verb === "list") {
    if (kind === "affinity") {
      return owner === null ? "affinities " : `affinities ${owner.host} ipv${version}`;
    }
    if (kind === "block") return version === 0 ? "blocks" : `blocks ipv${version}`;
    return `${kind}s`;
  }
  switch (kind) {
    case "block":
      return `block ${cidr!.text}`;
    case "affinity":
      return `affinity ${owner!.host} ${cidr!.text}`;
    case "ipamHost":
      return `affinities ${name}`;
    case "config":
      return "config";
    default:
      return `${kind} ${name}`;
  }
}

export function describeOutcome(response: Response): string {
  if (!(response instanceof CalicoError)) return "ok";
  if (response instanceof ResourceError || response instanceof DatastoreError) {
    if (response.origin === "injected") return `fault:${response.kind}`;
    if (response.origin === "injectedAfterEffect") return `applied-then-fault:${response.kind}`;
  }
  return response.kind;
}

function countItems(response: Response): number {
  return Array.isArray(response) ? response.length : (response as BlockListing).count;
}

/** Writes down every call of a datastore, in order. */
export class Recorder implements Datastore {
  /**
   * @param calls where to write them; several clients may share it.
   * @param client number of the client whose calls these are.
   */
  constructor(
    private readonly inner: Datastore,
    readonly calls: RecordedCall[] = [],
    private readonly client = 0,
  ) {}

  perform(request: DatastoreRequest): Response {
    const response = this.inner.perform(request);
    const outcome = describeOutcome(response);
    const call = [this.client, request.verb, describeObject(request), outcome] as const;
    const isList = request.verb === "list" && !(response instanceof CalicoError);
    this.calls.push(isList ? [...call, countItems(response)] : call);
    return response;
  }
}
