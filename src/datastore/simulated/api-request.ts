import {
  API_RESOURCE_NAMES,
  API_VERBS,
  type ApiResource,
  type ApiVerb,
} from "../../model/api-names.js";
import { API_RESOURCES } from "../kubernetes-names.js";
import type { Kind, Verb } from "../request.js";

const RESOURCE_BITS = 4;

/** Number of different codes; tables of that length are indexed by code. */
export const API_CODES = API_VERBS.length << RESOURCE_BITS;

/** Verb and resource as one small number, so that counting and looking up make no objects. */
export function apiCode(verb: ApiVerb, resource: ApiResource): number {
  return (API_VERBS.indexOf(verb) << RESOURCE_BITS) | API_RESOURCE_NAMES.indexOf(resource);
}

/** Verb of a code. */
export function verbOfCode(code: number): ApiVerb {
  return API_VERBS[code >> RESOURCE_BITS]!;
}

/** Resource of a code; undefined for the codes that stand for nothing. */
export function resourceOfCode(code: number): ApiResource | undefined {
  return API_RESOURCE_NAMES[code & ((1 << RESOURCE_BITS) - 1)];
}

/** The API verbs of a datastore call, step by step; a list is its first step once a page. */
const VERBS_OF_CALL: Readonly<Record<Verb, readonly ApiVerb[]>> = {
  // The later steps of a get remove an object that is flagged as deleted.
  get: ["GET", "PUT", "GET", "DELETE"],
  list: ["LIST"],
  create: ["POST"],
  update: ["PUT"],
  delete: ["PUT", "GET", "DELETE"],
  apply: ["POST", "PUT"],
};

function verbsOf(verb: Verb, kind: string): readonly ApiVerb[] {
  // A node is read once more before its status is written.
  return verb === "update" && kind === "node" ? ["GET", "PUT"] : VERBS_OF_CALL[verb];
}

function codesOf(verb: Verb): Map<Kind, readonly number[]> {
  const byKind = new Map<Kind, readonly number[]>([["ipamHost", []]]);
  for (const [kind, resource] of Object.entries(API_RESOURCES)) {
    byKind.set(
      kind as Kind,
      verbsOf(verb, kind).map((apiVerb) => apiCode(apiVerb, resource)),
    );
  }
  return byKind;
}

/** Maps, since access to an object by a name that varies is many times as slow. */
const CODES = new Map(
  Object.keys(VERBS_OF_CALL).map((verb) => [verb as Verb, codesOf(verb as Verb)]),
);

/** Code of one step of a datastore call. */
export function codeOfStep(verb: Verb, kind: Kind, step: number): number {
  return CODES.get(verb)!.get(kind)![verb === "list" ? 0 : step]!;
}
