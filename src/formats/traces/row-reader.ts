import type { SkipReason, TraceEvent, TraceStatistics } from "./trace-event.js";

/** Turns the lines of one trace format into events, in order of time. */
export interface RowReader {
  /** Lines before the first row. */
  readonly headerLines: 0 | 1;
  /** Reads one line; appends the events that are certain by now. Throws BadInput at a bad row. */
  read(text: string, line: number, events: TraceEvent[]): void;
  /** Appends the events that are left at the end of the file. */
  finish(events: TraceEvent[]): void;
}

export function countSkipped(statistics: TraceStatistics, reason: SkipReason): void {
  statistics.skipped[reason] = (statistics.skipped[reason] ?? 0) + 1;
}
