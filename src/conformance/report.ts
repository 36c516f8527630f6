import type { Difference } from "./difference.js";

/** What kind of recording a file holds. */
export type TraceKind =
  | "operations"
  | "events"
  | "block-starts"
  | "plugin-calls"
  | "plugin-burst"
  | "client-limits";

/** The outcome of one file. */
export interface ConformReport {
  readonly file: string;
  readonly kind: TraceKind;
  /** Name of the trace as its header gives it. */
  readonly name: string;
  /** Release that the file was recorded from; empty where it does not matter. */
  readonly recordedRelease: string;
  /** Profile that was replayed. */
  readonly release: string;
  /** What was compared and found equal, up to the first difference. */
  readonly operations: number;
  readonly calls: number;
  readonly snapshots: number;
  readonly difference: Difference | null;
}

/** Counts while a file is replayed. */
export class ConformTally {
  operations = 0;
  calls = 0;
  snapshots = 0;
}
