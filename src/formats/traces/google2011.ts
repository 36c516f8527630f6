import { CsvRow, detached } from "./csv-row.js";
import { countSkipped, type RowReader } from "./row-reader.js";
import type { TraceEvent, TraceStatistics } from "./trace-event.js";

/** The columns of `job_events`; the file itself has no header. */
export const GOOGLE2011_COLUMNS = [
  "timestamp",
  "missing info",
  "job ID",
  "event type",
  "user",
  "scheduling class",
  "job name",
  "logical job name",
] as const;

const TIMESTAMP = 0;
const JOB_ID = 2;
const EVENT_TYPE = 3;

/** The timestamp 2^63-1 means "after the end of the trace". */
const AFTER_TRACE_END = "9223372036854775807";

/**
 * Reads the table `job_events` of Google's cluster trace of 2011 (clusterdata-2011-2, "Google
 * cluster-usage traces: format + schema", v2.1): no header, one event a row, in order of time.
 *
 * The trace has jobs, not pods. The least reading is one pod a job, named by its job ID: SCHEDULE
 * (1) of a job that does not run adds the pod, EVICT, FAIL, FINISH, KILL and LOST (2 to 6) of a job
 * that runs delete it. The order of the file decides; times must not go back. Memory grows with the
 * jobs that run at once.
 */
export class Google2011Reader implements RowReader {
  readonly headerLines = 0;
  readonly #running = new Set<string>();
  readonly #row: CsvRow;
  #lastTimestampUs = 0;

  constructor(
    file: string,
    private readonly statistics: TraceStatistics,
  ) {
    this.#row = new CsvRow(file, GOOGLE2011_COLUMNS);
  }

  read(text: string, line: number, events: TraceEvent[]): void {
    const row = this.#row;
    row.load(text, line);
    row.checkColumnCount("as job_events has");
    if (row.is(TIMESTAMP, AFTER_TRACE_END)) {
      countSkipped(this.statistics, "afterTraceEnd");
      return;
    }
    const timeUs = row.wholeNumber(TIMESTAMP, "a whole number of microseconds");
    if (timeUs < this.#lastTimestampUs) {
      const message = `${timeUs} comes after ${this.#lastTimestampUs}; sort the rows by this column`;
      row.fail(TIMESTAMP, message);
    }
    this.#lastTimestampUs = timeUs;
    const type = row.wholeNumber(EVENT_TYPE, "a number from 0 to 8");
    if (type > 8) row.refuse(EVENT_TYPE, "a number from 0 to 8");
    if (type === 0 || type > 6) countSkipped(this.statistics, "otherEvent");
    else this.#startOrEnd(type === 1, timeUs, events);
  }

  finish(): void {
    // Every event was handed out with its row.
  }

  #startOrEnd(start: boolean, timeUs: number, events: TraceEvent[]): void {
    const job = this.#row.text(JOB_ID);
    if (!/^\d+$/.test(job)) this.#row.refuse(JOB_ID, "digits");
    if (!start) {
      if (this.#running.delete(job)) events.push({ timeUs, kind: "delete", pod: detached(job) });
      else countSkipped(this.statistics, "notRunning");
    } else if (this.#running.has(job)) {
      countSkipped(this.statistics, "alreadyRunning");
    } else {
      const pod = detached(job);
      this.#running.add(pod);
      events.push({ timeUs, kind: "add", pod });
    }
  }
}
