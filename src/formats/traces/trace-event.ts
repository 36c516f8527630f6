/** A pod asks for its address, or gives it back. */
export interface TraceEvent {
  /** Microseconds since the trace's zero, an integer, divided by the reader's `compress`. */
  readonly timeUs: number;
  readonly kind: "add" | "delete";
  /** Name of the pod, unique among the pods alive. */
  readonly pod: string;
  /** Of an addition: the node that the trace names. Absent when it names none. */
  readonly node?: string;
}

/** The formats that can be read. */
export const TRACE_FORMATS = [
  "openb",
  "google2011",
  "azure",
  "csv",
  "kubectl",
  "audit",
  "sktrace",
] as const;

export type TraceFormat = (typeof TRACE_FORMATS)[number];

/** Why a row made no event. */
export type SkipReason =
  /** The pod was never given to a node, so it never asked for an address. */
  | "neverScheduled"
  /** The pod is on the host's network: it has no address of its own. */
  | "hostNetwork"
  /** Neither a start nor an end of a pod (google2011: SUBMIT, UPDATE_PENDING, UPDATE_RUNNING). */
  | "otherEvent"
  /** google2011: SCHEDULE of a job that runs already. */
  | "alreadyRunning"
  /** End of a pod or a job that does not run. */
  | "notRunning"
  /** google2011: the time says that it happened after the trace's end. */
  | "afterTraceEnd"
  | "blankLine";

/** What a reader has counted so far. */
export interface TraceStatistics {
  /** Known once the first line has been read. */
  format: TraceFormat | undefined;
  /** Rows read, without the header; blank lines count. */
  rows: number;
  adds: number;
  deletes: number;
  /** Skipped rows by reason; a reason that did not occur is absent. */
  readonly skipped: Partial<Record<SkipReason, number>>;
}
