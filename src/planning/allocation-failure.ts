/** Why an assignment failed, in the terms in which one plans. */
export type FailureKind =
  | "pool exhausted"
  | "no block left (strict affinity)"
  | "block limit of the node"
  | "no pool for the node"
  | "address borrowed"
  | "other";

export interface AllocationFailure {
  readonly kind: FailureKind;
  /** Calico's own text, as `ipamlab simulate` prints it. */
  readonly text: string;
}
