import type { Datastore } from "../datastore/datastore.js";
import { DatastoreRequest, type Effect, LockRequest, Sleep } from "../datastore/request.js";
import type { Response } from "../datastore/response.js";
import type { Steps } from "./environment.js";

/** One operation among others that run at the same time. */
export class Client<T> {
  #pending: Effect | undefined;
  #result: T | undefined;

  constructor(
    private readonly steps: Steps<T>,
    private readonly datastore: Datastore,
  ) {
    this.#advance(undefined);
  }

  /** The effect it waits for; undefined when it has ended. */
  get pending(): Effect | undefined {
    return this.#pending;
  }

  /** What it ended with. */
  get result(): T | undefined {
    return this.#result;
  }

  /** Performs what it waits for; its code up to the next effect follows at once. */
  step(): void {
    const effect = this.#pending;
    this.#advance(effect instanceof DatastoreRequest ? this.datastore.perform(effect) : undefined);
  }

  #advance(response: Response): void {
    let next = this.steps.next(response);
    // Pauses take no turn: a schedule orders calls only.
    while (!next.done && next.value instanceof Sleep) next = this.steps.next(undefined);
    this.#pending = next.done ? undefined : next.value;
    if (next.done) this.#result = next.value;
  }
}

/**
 * The lock that some profiles hold around operations: tells which clients may go on. Clients wait in
 * no order; the schedule decides who is next.
 */
export class InterleavedLock {
  #holder: Client<unknown> | undefined;

  mayStep(client: Client<unknown>): boolean {
    const { pending } = client;
    if (!(pending instanceof LockRequest) || pending.action === "release") return true;
    return this.#holder === undefined;
  }

  /** To be told before the client steps. */
  beforeStep(client: Client<unknown>): void {
    const { pending } = client;
    if (!(pending instanceof LockRequest)) return;
    this.#holder = pending.action === "acquire" ? client : undefined;
  }
}
