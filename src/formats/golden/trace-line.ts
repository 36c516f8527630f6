/** JSON as it is parsed. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `[client, verb, object, outcome]`, with a count as fifth element for a list that worked. */
export type TraceCall = readonly Json[];

/** One line of an operation trace; its kind follows from its keys. */
export type TraceLine =
  | { readonly kind: "header"; readonly release: string; readonly name: string }
  | { readonly kind: "edit"; readonly op: JsonObject }
  | {
      readonly kind: "operation";
      readonly op: JsonObject;
      readonly calls: readonly TraceCall[];
      readonly result: JsonObject;
    }
  | {
      /** An operation through the Kubernetes datastore: API requests instead of calls. */
      readonly kind: "kubernetes";
      readonly op: JsonObject;
      readonly requests: readonly TraceCall[];
      readonly result: JsonObject;
    }
  | { readonly kind: "snapshot"; readonly snapshot: JsonObject };

function isListOfLists(value: Json | undefined): value is readonly TraceCall[] {
  return Array.isArray(value) && value.every((item) => Array.isArray(item));
}

/** Reads one line of an operation trace, or says in words what is wrong with it. */
export function readTraceLine(value: Json): TraceLine | string {
  if (!isJsonObject(value)) return "expected a JSON object";
  const { header, op, calls, requests, result, snapshot } = value;
  if (isJsonObject(header)) {
    const { calico, name } = header;
    if (typeof calico !== "string") return 'header: expected "calico", the release as text';
    return { kind: "header", release: calico, name: typeof name === "string" ? name : "" };
  }
  if (isJsonObject(snapshot)) return { kind: "snapshot", snapshot };
  if (!isJsonObject(op)) return 'expected one of the keys "header", "op", "snapshot"';
  if (typeof op["op"] !== "string") return 'op: expected "op", the name of the operation';
  if (calls === undefined && result === undefined) return { kind: "edit", op };
  if (isListOfLists(requests) && isJsonObject(result)) {
    return { kind: "kubernetes", op, requests, result };
  }
  if (!isListOfLists(calls)) return "calls: expected a list of lists";
  if (!isJsonObject(result)) return "result: expected an object";
  return { kind: "operation", op, calls, result };
}
