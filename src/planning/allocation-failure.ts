/** Why an assignment failed, in the terms in which one plans. */
export type FailureKind =
  | "pool exhausted"
  | "no block left (strict affinity)"
  | "block limit of the node"
  | "no pool for the node"
  | "address borrowed"
  | "time-out"
  | "no connection"
  | "other";

export interface AllocationFailure {
  readonly kind: FailureKind;
  /** Calico's own text, as `ipamlab simulate` prints it. */
  readonly text: string;
}

/** What Calico's texts say, by what is in them and in nothing else. */
const KIND_OF_TEXT: readonly (readonly [RegExp, FailureKind])[] = [
  [/deadline exceeded|timed out|timeout/i, "time-out"],
  [/connection refused/, "no connection"],
  [/strict affinity enabled/, "no block left (strict affinity)"],
  [/per host block limit/, "block limit of the node"],
  [/No IPs available in pools/, "pool exhausted"],
  [/cannot find a qualified ippool/, "no pool for the node"],
];

/** What failed, from the text that a plugin prints. */
export function failureOf(text: string): AllocationFailure {
  const kind = KIND_OF_TEXT.find(([pattern]) => pattern.test(text))?.[1] ?? "other";
  return { kind, text };
}
