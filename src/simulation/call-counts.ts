import type { DatastoreRequest, Kind, Verb } from "../datastore/request.js";

// Comparing one name after the other costs a quarter of looking two names up in objects, and every call
// of a run is counted.

function verbIndex(verb: Verb): number {
  switch (verb) {
    case "get":
      return 0;
    case "update":
      return 1;
    case "list":
      return 2;
    case "create":
      return 3;
    case "delete":
      return 4;
    case "apply":
      return 5;
  }
}

function kindIndex(kind: Kind): number {
  switch (kind) {
    case "block":
      return 0;
    case "handle":
      return 1;
    case "affinity":
      return 2;
    case "pool":
      return 3;
    case "node":
      return 4;
    case "config":
      return 5;
    case "reservation":
      return 6;
    case "ipamHost":
      return 7;
  }
}

const KIND_COUNT = 8;

interface CountedCall {
  readonly call: string;
  count: number;
}

/** Datastore calls by verb and kind. */
export class CallCounts {
  readonly #counted: (CountedCall | undefined)[] = [];

  note({ verb, kind }: DatastoreRequest): void {
    const index = verbIndex(verb) * KIND_COUNT + kindIndex(kind);
    const counted = this.#counted[index];
    if (counted === undefined) this.#counted[index] = { call: `${verb} ${kind}`, count: 1 };
    else counted.count++;
  }

  /** `get block` and the like, most frequent first. */
  byCall(): Readonly<CountedCall>[] {
    return this.#counted
      .filter((counted) => counted !== undefined)
      .map((counted) => ({ ...counted }))
      .sort((a, b) => b.count - a.count || (a.call < b.call ? -1 : 1));
  }
}
