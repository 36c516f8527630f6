import type { CallFingerprint } from "../datastore/call-fingerprint.js";
import type { Datastore } from "../datastore/datastore.js";
import type { DatastoreRequest, Kind, Verb } from "../datastore/request.js";
import type { Response } from "../datastore/response.js";

type CountsByKind = Record<Kind, number>;

function noCounts(): CountsByKind {
  return {
    node: 0,
    pool: 0,
    reservation: 0,
    config: 0,
    block: 0,
    affinity: 0,
    handle: 0,
    ipamHost: 0,
  };
}

/** Counts calls: all since the last reset, and by verb and kind since the start. */
export class CountingDatastore implements Datastore {
  /** Calls since the caller last set it to 0. */
  calls = 0;
  readonly #counts: Readonly<Record<Verb, CountsByKind>> = {
    get: noCounts(),
    list: noCounts(),
    create: noCounts(),
    update: noCounts(),
    delete: noCounts(),
    apply: noCounts(),
  };

  /** @param fingerprint takes note of every call, when there is one. */
  constructor(
    private readonly inner: Datastore,
    private readonly fingerprint?: CallFingerprint,
  ) {}

  perform(request: DatastoreRequest): Response {
    this.calls++;
    this.#counts[request.verb][request.kind]++;
    const response = this.inner.perform(request);
    this.fingerprint?.noteCall(request, response);
    return response;
  }

  /** `get block` and the like, most frequent first. */
  countsByCall(): { readonly call: string; readonly count: number }[] {
    const rows = Object.entries(this.#counts).flatMap(([verb, byKind]) =>
      Object.entries(byKind).map(([kind, count]) => ({ call: `${verb} ${kind}`, count })),
    );
    return rows
      .filter((row) => row.count > 0)
      .sort((a, b) => b.count - a.count || (a.call < b.call ? -1 : 1));
  }
}
