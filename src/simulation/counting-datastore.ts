import type { Datastore } from "../datastore/datastore.js";
import type { DatastoreRequest, Kind, Verb } from "../datastore/request.js";
import type { Response } from "../datastore/response.js";

/** Counts calls: all since the last reset, and by verb and kind since the start. */
export class CountingDatastore implements Datastore {
  /** Calls since the caller last set it to 0. */
  calls = 0;
  readonly #counts = new Map<Verb, Map<Kind, number>>();

  constructor(private readonly inner: Datastore) {}

  perform(request: DatastoreRequest): Response {
    this.calls++;
    let byKind = this.#counts.get(request.verb);
    if (byKind === undefined) {
      byKind = new Map();
      this.#counts.set(request.verb, byKind);
    }
    byKind.set(request.kind, (byKind.get(request.kind) ?? 0) + 1);
    return this.inner.perform(request);
  }

  /** `get block` and the like, most frequent first. */
  countsByCall(): { readonly call: string; readonly count: number }[] {
    const rows = [...this.#counts].flatMap(([verb, byKind]) =>
      [...byKind].map(([kind, count]) => ({ call: `${verb} ${kind}`, count })),
    );
    return rows.sort((a, b) => b.count - a.count || (a.call < b.call ? -1 : 1));
  }
}
