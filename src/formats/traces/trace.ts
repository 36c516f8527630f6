import { BadInput } from "../../failure/failure.js";
import { JsonSplitter } from "../cluster/json-splitter.js";
import { type LineBatch, readBytes, splitLines, type TextSourceOptions } from "../text-source.js";
import { AuditLogReader } from "./audit-log.js";
import { AzureFunctionsReader } from "./azure-functions.js";
import { CsvHeader } from "./csv-header.js";
import { detectByHead, detectFormat } from "./detect-format.js";
import { Google2011Reader } from "./google2011.js";
import { KubectlPods } from "./kubectl-pods.js";
import { OpenbReader } from "./openb.js";
import { PlainCsvReader } from "./plain-csv.js";
import { countSkipped, type RowReader } from "./row-reader.js";
import { readSimkube } from "./simkube.js";
import type { TraceEvent, TraceFormat, TraceStatistics } from "./trace-event.js";

/** Fewest events in a batch, except in the last one. */
const BATCH_EVENTS = 1024;

/** Longest line of an audit log, in characters: it may hold a whole object. */
const AUDIT_LINE_LENGTH_MAX = 16 * 1024 * 1024;

/** Longest SimKube trace, in bytes. */
const SIMKUBE_BYTES_MAX = 512 * 2 ** 20;

const NO_PODS = "there are no pods in it";

/** Bytes at the beginning that tell the format. */
const HEAD_BYTES = 4096;

export interface TraceOptions extends TextSourceOptions {
  /** `auto` (the default) tells the format by the beginning of the file. */
  readonly format?: TraceFormat | "auto" | undefined;
  /** All times are divided by this and rounded down; above 0, 1 by default. */
  readonly compress?: number | undefined;
}

/** The beginning of a file, and all of it. */
async function beginOf(
  bytes: AsyncGenerator<Buffer>,
): Promise<{ readonly head: Buffer; readonly whole: AsyncIterable<Buffer> }> {
  const read: Buffer[] = [];
  let length = 0;
  while (length < HEAD_BYTES) {
    const next = await bytes.next();
    if (next.done === true) break;
    read.push(next.value);
    length += next.value.length;
  }
  async function* whole(): AsyncGenerator<Buffer> {
    yield* read;
    yield* bytes;
  }
  return { head: Buffer.concat(read).subarray(0, HEAD_BYTES), whole: whole() };
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
    let line = 1;
    const bytes = readBytes(this.file, this.options, () => line);
    const { head, whole } = await beginOf(bytes);
    const asked = this.options.format ?? "auto";
    const format = asked === "auto" ? detectByHead(head) : asked;
    if (format === "sktrace") {
      this.statistics.format = format;
      const events = readSimkube(this.file, await this.#bytesOf(whole), this.statistics);
      if (events.length === 0) throw new BadInput({ file: this.file, message: NO_PODS });
      yield this.#handOut(events);
      return;
    }
    if (format === "kubectl") {
      const pods = new KubectlPods(this.file, this.statistics);
      const splitter = new JsonSplitter(this.file, pods);
      for await (const chunk of whole) {
        splitter.push(chunk);
        line = splitter.line;
      }
      splitter.finish();
      this.statistics.format = format;
      this.#refuseEmpty();
      yield this.#handOut(pods.events());
      return;
    }
    const lineLengthMax = format === "audit" ? AUDIT_LINE_LENGTH_MAX : undefined;
    const options = { lineLengthMax, ...this.options };
    const batches = splitLines(this.file, whole, options, (reached) => {
      line = reached;
    });
    yield* this.#rows(batches, format ?? "auto");
  }

  async #bytesOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
    const read: Buffer[] = [];
    let length = 0;
    for await (const chunk of chunks) {
      read.push(chunk);
      length += chunk.length;
      if (length <= SIMKUBE_BYTES_MAX) continue;
      const message = `more than ${SIMKUBE_BYTES_MAX / 2 ** 20} MiB; a SimKube trace is read whole`;
      throw new BadInput({ file: this.file, message });
    }
    return Buffer.concat(read);
  }

  async *#rows(
    batches: AsyncIterable<LineBatch>,
    format: TraceFormat | "auto",
  ): AsyncGenerator<readonly TraceEvent[]> {
    let reader: RowReader | undefined;
    let events: TraceEvent[] = [];
    for await (const { firstLine, lines } of batches) {
      let first = 0;
      if (reader === undefined) {
        first = lines.findIndex((line) => line !== "");
        if (first < 0) continue;
        reader = this.#open(format, lines[first]!, firstLine + first);
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
    this.#refuseEmpty();
    reader.finish(events);
    if (events.length > 0) yield this.#handOut(events);
  }

  #refuseEmpty(): void {
    if (this.statistics.rows > 0) return;
    const message =
      this.statistics.format === "kubectl" ? NO_PODS : "the file has a header but no rows";
    throw new BadInput({ file: this.file, message });
  }

  #open(asked: TraceFormat | "auto", text: string, line: number): RowReader {
    const format = asked === "auto" ? detectFormat(this.file, text, line) : asked;
    this.statistics.format = format;
    const header = () => new CsvHeader(this.file, text, line);
    switch (format) {
      case "openb":
        return new OpenbReader(header(), this.statistics);
      case "google2011":
        return new Google2011Reader(this.file, this.statistics);
      case "azure":
        return new AzureFunctionsReader(header());
      case "csv":
        return new PlainCsvReader(header(), this.statistics);
      case "audit":
        return new AuditLogReader(this.file, this.statistics);
      case "kubectl":
      case "sktrace":
        throw new RangeError(`${format} is not read by lines`);
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
