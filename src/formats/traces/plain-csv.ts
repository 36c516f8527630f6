import type { CsvHeader } from "./csv-header.js";
import { CsvRow, detached } from "./csv-row.js";
import { quoted } from "./printable.js";
import { countSkipped, type RowReader } from "./row-reader.js";
import { parseTimeUs } from "./time-text.js";
import type { TraceEvent, TraceStatistics } from "./trace-event.js";

/** The columns of a plain trace; `node` may be left out, others may stand beside them. */
export const PLAIN_CSV_COLUMNS = ["time", "event", "pod"] as const;

const TIME = "seconds such as 12.5, or a time such as 2026-01-05T10:00:00Z";
const EVENT = "add or delete";

/**
 * Reads a plain trace: a header with `time,event,pod` and maybe `node`, one event a row, in order of
 * time. Times are seconds from the trace's zero, or times of day in RFC 3339, of which the first is
 * zero. A pod goes to the node that its row names, when the scenario has it.
 */
export class PlainCsvReader implements RowReader {
  readonly headerLines = 1;
  readonly #row: CsvRow;
  readonly #time: number;
  readonly #event: number;
  readonly #pod: number;
  /** -1 without such a column. */
  readonly #node: number;
  readonly #running = new Set<string>();
  #zeroUs: number | undefined;
  #lastUs = 0;

  constructor(
    header: CsvHeader,
    private readonly statistics: TraceStatistics,
  ) {
    this.#row = new CsvRow(header.file, header.columns);
    this.#time = header.indexOf("time");
    this.#event = header.indexOf("event");
    this.#pod = header.indexOf("pod");
    this.#node = header.columns.indexOf("node");
  }

  read(text: string, line: number, events: TraceEvent[]): void {
    const row = this.#row;
    row.load(text, line);
    row.checkColumnCount("as in the header");
    const timeUs = this.#timeUs();
    const isAdd = row.is(this.#event, "add");
    if (!isAdd && !row.is(this.#event, "delete")) row.refuse(this.#event, EVENT);
    const pod = detached(row.text(this.#pod));
    if (pod === "") row.refuse(this.#pod, "the name of a pod");
    if (!isAdd) {
      if (this.#running.delete(pod)) events.push({ timeUs, kind: "delete", pod });
      else countSkipped(this.statistics, "notRunning");
      return;
    }
    if (this.#running.has(pod)) {
      row.fail(this.#pod, `the pod ${quoted(pod)} of an earlier row is not deleted yet`);
    }
    this.#running.add(pod);
    const node = this.#node < 0 ? "" : detached(row.text(this.#node));
    events.push(node === "" ? { timeUs, kind: "add", pod } : { timeUs, kind: "add", pod, node });
  }

  finish(): void {
    // Every event was handed out with its row.
  }

  #timeUs(): number {
    const row = this.#row;
    const read = parseTimeUs(row.text(this.#time));
    if (read === undefined) return row.refuse(this.#time, TIME);
    this.#zeroUs ??= read.isClock ? read.us : 0;
    const timeUs = read.us - this.#zeroUs;
    if (timeUs < this.#lastUs || !Number.isSafeInteger(timeUs)) {
      row.fail(this.#time, `${row.text(this.#time)} goes back; sort the rows by this column`);
    }
    this.#lastUs = timeUs;
    return timeUs;
  }
}
