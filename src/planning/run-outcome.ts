import type { FailureKind } from "./allocation-failure.js";

/** The failures of one kind in one run. */
export interface KindOutcome {
  readonly kind: FailureKind;
  count: number;
  readonly firstUs: number;
  /** Calico's own text of the first one. */
  readonly text: string;
  readonly node: string;
}

/** What one pool came to in one run. */
export interface PoolOutcome {
  addressesPeak: number;
  blocksPeak: number;
}

/** Nodes with the same labels. */
export interface GroupOutcome {
  readonly name: string;
  /** Nodes that were there, those that left included. */
  nodes: number;
  /** Time of their first failure; null when they had none. */
  firstUs: number | null;
}

/** What Calico's whole protocol cost in requests to the Kubernetes API server. */
export interface WitnessedCost {
  /** Decisions at which counts and protocol agreed. */
  readonly compared: number;
  readonly assignments: number;
  readonly assignRequests: number;
  readonly releases: number;
  readonly releaseRequests: number;
}

/** What one run came to: small, for thousands of them come from the workers. */
export interface RunOutcome {
  /** From 0; with the scenario's seed it gives the run's own seed. */
  readonly run: number;
  /** Assignments and releases. */
  readonly operations: number;
  readonly releases: number;
  /** Pods that the schedule wanted. */
  readonly wanted: number;
  /** Pods that no node had room for: they never asked for an address. */
  readonly notStarted: number;
  /** By kind, in order of their first time. */
  readonly failures: readonly KindOutcome[];
  readonly groups: readonly GroupOutcome[];
  /** Requests for addresses after half of the horizon, when a start from nothing is forgotten. */
  readonly secondHalf: { readonly asked: number; readonly failed: number };
  /** When the run ended. */
  readonly endUs: number;
  /** Only of runs that performed the whole protocol. */
  readonly witness: WitnessedCost | null;
  /** Requests at the API server; null for runs of counts. */
  readonly apiRequests: number | null;
  readonly pools: readonly PoolOutcome[];
  readonly addressesPeak: number;
  readonly blocksPeak: number;
  readonly borrowedPeak: number;
  /** Routes at the most: one a block and one a borrowed address. */
  readonly routesPeak: number;
  /** Free addresses of claimed blocks when the most addresses were in use. */
  readonly freeInBlocksAtPeak: number;
}

/** Time of the first failure; undefined when there was none. */
export function firstFailureUs({ failures }: RunOutcome): number | undefined {
  return failures[0]?.firstUs;
}
