import { BadInput } from "../../failure/failure.js";
import { readLines, type TextSourceOptions } from "../text-source.js";
import { CsvHeader } from "./csv-header.js";
import { detectFormat } from "./detect-format.js";
import { Google2011Reader } from "./google2011.js";
import { OpenbReader } from "./openb.js";
import { countSkipped, type RowReader } from "./row-reader.js";
import type { TraceEvent, TraceFormat, TraceStatistics } from "./trace-event.js";

/** Fewest events in a batch, except in the last one. */
const BATCH_EVENTS = 1024;

export interface TraceOptions extends TextSourceOptions {
  /** `auto` (the default) tells the format by the first line. */
  readonly format?: TraceFormat | "auto" | undefined;
  /** All times are divided by this and rounded down; above 0, 1 by default. */
  readonly compress?: number | undefined;
}

/** A recorded churn of pods, read as a stream: its length is not bound by memory. */
export class Trace {
  /** What has been read so far; complete when `events` has ended. */
  readonly statistics: TraceStatistics = {
    format: undefined,
    rows: 0,
    adds: 0,
    deletes: 0,
    skipped: {},
  };
  readonly #compress: number;

  /** @param file path of the trace, plain or gzip; `-` is standard input. */
  constructor(
    readonly file: string,
    private readonly options: TraceOptions = {},
  ) {
    this.#compress = options.compress ?? 1;
    if (!(this.#compress > 0)) throw new RangeError(`compress is not above 0: ${this.#compress}`);
  }

  /**
   * The events in order of time, in batches of about a thousand. May be called once.
   *
   * @throws BadInput, at the row and column, for a file that cannot be opened, is empty or damaged,
   *   or has a row that breaks the format's rules.
   */
  async *events(): AsyncGenerator<readonly TraceEvent[]> {
    let reader: RowReader | undefined;
    let events: TraceEvent[] = [];
    for await (const { firstLine, lines } of readLines(this.file, this.options)) {
      let first = 0;
      if (reader === undefined) {
        first = lines.findIndex((line) => line !== "");
        if (first < 0) continue;
        reader = this.#open(lines[first]!, firstLine + first);
        first += reader.headerLines;
      }
      for (let i = first; i < lines.length; i++) {
        this.#readRow(reader, lines[i]!, firstLine + i, events);
      }
      if (events.length >= BATCH_EVENTS) {
        yield this.#handOut(events);
        events = [];
      }
    }
    if (reader === undefined) {
      throw new BadInput({ file: this.file, message: "the file is empty; expected a trace" });
    }
    if (this.statistics.rows === 0) {
      throw new BadInput({ file: this.file, message: "the file has a header but no rows" });
    }
    reader.finish(events);
    if (events.length > 0) yield this.#handOut(events);
  }

  #open(text: string, line: number): RowReader {
    const asked = this.options.format ?? "auto";
    const format = asked === "auto" ? detectFormat(this.file, text, line) : asked;
    this.statistics.format = format;
    switch (format) {
      case "openb":
        return new OpenbReader(new CsvHeader(this.file, text, line), this.statistics);
      case "google2011":
        return new Google2011Reader(this.file, this.statistics);
    }
  }

  #readRow(reader: RowReader, text: string, line: number, events: TraceEvent[]): void {
    this.statistics.rows++;
    if (text === "") countSkipped(this.statistics, "blankLine");
    else reader.read(text, line, events);
  }

  #handOut(events: TraceEvent[]): readonly TraceEvent[] {
    for (const event of events) {
      if (event.kind === "add") this.statistics.adds++;
      else this.statistics.deletes++;
    }
    if (this.#compress === 1) return events;
    return events.map((event) => {
      const timeUs = Math.floor(event.timeUs / this.#compress);
      if (timeUs > Number.MAX_SAFE_INTEGER) {
        const message = `with compress ${this.#compress} the times grow beyond what can be counted`;
        throw new BadInput({ file: this.file, message });
      }
      return { ...event, timeUs };
    });
  }
}
