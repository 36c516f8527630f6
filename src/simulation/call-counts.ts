import type { DatastoreRequest, Kind, Verb } from "../datastore/request.js";

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

/** Datastore calls by verb and kind. */
export class CallCounts {
  readonly #counts: Readonly<Record<Verb, CountsByKind>> = {
    get: noCounts(),
    list: noCounts(),
    create: noCounts(),
    update: noCounts(),
    delete: noCounts(),
    apply: noCounts(),
  };

  note(request: DatastoreRequest): void {
    this.#counts[request.verb][request.kind]++;
  }

  /** `get block` and the like, most frequent first. */
  byCall(): { readonly call: string; readonly count: number }[] {
    const rows = Object.entries(this.#counts).flatMap(([verb, byKind]) =>
      Object.entries(byKind).map(([kind, count]) => ({ call: `${verb} ${kind}`, count })),
    );
    return rows
      .filter((row) => row.count > 0)
      .sort((a, b) => b.count - a.count || (a.call < b.call ? -1 : 1));
  }
}
