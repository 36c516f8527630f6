import type { Datastore } from "../datastore/datastore.js";
import type { DatastoreRequest } from "../datastore/request.js";
import type { Response } from "../datastore/response.js";
import { type CalicoError, DatastoreError } from "../model/calico-error.js";
import type { CallContext } from "../protocol/environment.js";

/** When the caller's time is up, counted in calls. */
export interface Deadline {
  /** Calls that are answered in time. */
  readonly afterCalls: number;
  /** The call in which the time runs out still takes effect; its answer is lost. */
  readonly lastTakesEffect: boolean;
}

const TEXT = "context deadline exceeded";

/**
 * An operation's caller with a deadline: from some call on, every request that is under the caller's
 * deadline fails. Requests under another one (`RequestContext`) go on.
 */
export class DeadlineDatastore implements Datastore, CallContext {
  readonly windows = false;
  #calls = 0;

  constructor(
    private readonly inner: Datastore,
    private readonly deadline: Deadline | null,
  ) {}

  ended(): CalicoError | undefined {
    if (this.deadline === null || this.#calls <= this.deadline.afterCalls) return undefined;
    return new DatastoreError(TEXT);
  }

  perform(request: DatastoreRequest): Response {
    const { deadline } = this;
    this.#calls++;
    if (deadline === null || request.context !== "caller") return this.inner.perform(request);
    if (this.#calls <= deadline.afterCalls) return this.inner.perform(request);
    const isLast = this.#calls === deadline.afterCalls + 1 && deadline.lastTakesEffect;
    if (isLast) this.inner.perform(request);
    return new DatastoreError(TEXT, isLast ? "injectedAfterEffect" : "injected");
  }
}
