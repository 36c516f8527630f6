/** A pod asks for its address, or gives it back. */
export interface TraceEvent {
  /** Microseconds since the trace's zero, an integer, divided by the reader's `compress`. */
  readonly timeUs: number;
  readonly kind: "add" | "delete";
  /** Name of the pod, unique among the pods alive. */
  readonly pod: string;
}

/** The formats that can be read. */
export const TRACE_FORMATS = ["openb", "google2011"] as const;

export type TraceFormat = (typeof TRACE_FORMATS)[number];

/** Why a row made no event. */
export type SkipReason =
  /** openb: `scheduled_time` is empty, so the pod never asked for an address. */
  | "neverScheduled"
  /** google2011: neither a start nor an end (SUBMIT, UPDATE_PENDING, UPDATE_RUNNING). */
  | "otherEvent"
  /** google2011: SCHEDULE of a job that runs already. */
  | "alreadyRunning"
  /** google2011: end of a job that does not run. */
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
