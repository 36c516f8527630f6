import { type CalicoError, DatastoreError, ResourceError } from "../model/calico-error.js";
import type { Datastore } from "./datastore.js";
import { Identifier } from "./identifier.js";
import type { MemoryDialect } from "./memory.js";
import type { DatastoreRequest, Kind, Verb } from "./request.js";
import type { Response } from "./response.js";

/** What an injected fault answers. The last two are datastore errors with a text of their own. */
export type FaultError =
  | "datastore"
  | "notFound"
  | "exists"
  | "conflict"
  | "timeout"
  | "connectionLost";

/** One fault: the nth call that matches verb and kind fails. */
export interface Fault {
  readonly verb: Verb;
  readonly kind: Kind;
  /** Counts from 1, over single objects and lists of the kind alike. */
  readonly nth: number;
  readonly error: FaultError;
  /** The call takes effect before the error is answered. */
  readonly afterEffect: boolean;
}

const DATASTORE_TEXTS: Partial<Record<FaultError, string>> = {
  datastore: "injected: datastore",
  timeout: "context deadline exceeded",
  connectionLost: "connection lost",
};

/** Wraps a datastore and lets chosen calls fail. */
export class FaultInjector implements Datastore {
  readonly #seen: number[];
  #fired = 0;

  constructor(
    private readonly inner: Datastore,
    private readonly faults: readonly Fault[],
    private readonly dialect: MemoryDialect,
  ) {
    this.#seen = faults.map(() => 0);
  }

  /** How many faults have fired; many never do, because the operation ends before. */
  get firedCount(): number {
    return this.#fired;
  }

  perform(request: DatastoreRequest): Response {
    let due: Fault | undefined;
    this.faults.forEach((fault, i) => {
      if (fault.verb !== request.verb || fault.kind !== request.kind) return;
      this.#seen[i]!++;
      if (this.#seen[i] === fault.nth) due ??= fault;
    });
    if (due === undefined) return this.inner.perform(request);
    this.#fired++;
    if (due.afterEffect) this.inner.perform(request);
    return this.#answer(due, request);
  }

  #answer(fault: Fault, request: DatastoreRequest): CalicoError {
    const origin = fault.afterEffect ? "injectedAfterEffect" : "injected";
    const text = DATASTORE_TEXTS[fault.error];
    if (text !== undefined) return new DatastoreError(text, origin);
    const identifier = new Identifier(request, this.dialect.affinityKeyShowsType);
    const kind = fault.error as "notFound" | "exists" | "conflict";
    return new ResourceError(kind, identifier, this.dialect, "<nil>", origin);
  }
}
