import type { CsvHeader } from "./csv-header.js";
import { CsvRow, detached } from "./csv-row.js";
import { quoted } from "./printable.js";
import { PendingEvents } from "./pending-events.js";
import { countSkipped, type RowReader } from "./row-reader.js";
import type { TraceEvent, TraceStatistics } from "./trace-event.js";

/** The columns of an openb pod list that are needed; it may have more, in any order. */
export const OPENB_COLUMNS = ["name", "creation_time", "deletion_time", "scheduled_time"] as const;

const SECONDS = "a whole number of seconds";
const US_PER_SECOND = 1_000_000;

/** Last second whose microseconds are a safe integer: 285 years. */
const SECONDS_MAX = Math.floor(Number.MAX_SAFE_INTEGER / US_PER_SECOND);

/** Above the rank of every deletion: half of the integers that a double holds exactly. */
const ADD_RANK = 2 ** 52;

/**
 * Reads the pod list of Alibaba's openb GPU cluster trace (`cluster-trace-gpu-v2023/csv/` of
 * alibaba/clusterdata): a header, then one pod a row, sorted by `creation_time`, times in whole
 * seconds.
 *
 * 1. A pod asks for its address at `scheduled_time` and gives it back at `deletion_time` (never,
 *    when that is empty). A row without `scheduled_time` is skipped.
 * 2. Of events at the same time deletions come first, then the order of the file decides. Only a
 *    pod that ends in the second in which it starts is deleted right after its own addition.
 * 3. No pod is scheduled before its creation. So when the rows have come to a creation time, every
 *    event before that time is known: it leaves the heap, which never holds more than the pods
 *    between their creation and their deletion, however long the file is.
 */
export class OpenbReader implements RowReader {
  readonly headerLines = 1;
  readonly #pending = new PendingEvents();
  /** Names of the pods whose deletion waits in the heap, or that are never deleted. */
  readonly #alive = new Set<string>();
  readonly #row: CsvRow;
  readonly #name: number;
  readonly #creation: number;
  readonly #deletion: number;
  readonly #scheduled: number;
  #lastCreation = 0;

  constructor(
    header: CsvHeader,
    private readonly statistics: TraceStatistics,
  ) {
    this.#row = new CsvRow(header.file, header.columns);
    this.#name = header.indexOf("name");
    this.#creation = header.indexOf("creation_time");
    this.#deletion = header.indexOf("deletion_time");
    this.#scheduled = header.indexOf("scheduled_time");
  }

  read(text: string, line: number, events: TraceEvent[]): void {
    const row = this.#row;
    row.load(text, line);
    row.checkColumnCount("as in the header");
    const creation = this.#seconds(this.#creation);
    if (creation < this.#lastCreation) {
      const message = `${creation} comes after ${this.#lastCreation}; sort the rows by this column`;
      row.fail(this.#creation, message);
    }
    this.#lastCreation = creation;
    this.#emitBefore(creation * US_PER_SECOND, events);
    if (row.is(this.#scheduled, "")) countSkipped(this.statistics, "neverScheduled");
    else this.#addPod(creation);
  }

  finish(events: TraceEvent[]): void {
    this.#emitBefore(Infinity, events);
  }

  #addPod(creation: number): void {
    const row = this.#row;
    const scheduled = this.#seconds(this.#scheduled);
    if (scheduled < creation) {
      row.fail(this.#scheduled, `${scheduled} is before creation_time ${creation}`);
    }
    const pod = detached(row.text(this.#name));
    if (pod === "") row.refuse(this.#name, "the name of a pod");
    if (this.#alive.has(pod)) {
      row.fail(
        this.#name,
        `the pod ${quoted(pod)} of an earlier row is not deleted by ${creation}`,
      );
    }
    this.#alive.add(pod);
    this.#push(scheduled, "add", pod, ADD_RANK + 2 * row.line);
    if (row.is(this.#deletion, "")) return;
    const deletion = this.#seconds(this.#deletion);
    if (deletion < scheduled) {
      row.fail(this.#deletion, `${deletion} is before scheduled_time ${scheduled}`);
    }
    const rank = deletion === scheduled ? ADD_RANK + 2 * row.line + 1 : row.line;
    this.#push(deletion, "delete", pod, rank);
  }

  #seconds(column: number): number {
    const seconds = this.#row.wholeNumber(column, SECONDS);
    if (seconds > SECONDS_MAX) this.#row.refuse(column, `${SECONDS}, at most ${SECONDS_MAX}`);
    return seconds;
  }

  #push(seconds: number, kind: TraceEvent["kind"], pod: string, rank: number): void {
    this.#pending.push({ timeUs: seconds * US_PER_SECOND, kind, pod }, rank);
  }

  #emitBefore(timeUs: number, events: TraceEvent[]): void {
    let event = this.#pending.popBefore(timeUs);
    while (event !== undefined) {
      if (event.kind === "delete") this.#alive.delete(event.pod);
      events.push(event);
      event = this.#pending.popBefore(timeUs);
    }
  }
}
