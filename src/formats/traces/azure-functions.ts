import { eventsOfLives, type PodLife } from "./collected-lives.js";
import type { CsvHeader } from "./csv-header.js";
import { CsvRow, detached } from "./csv-row.js";
import type { RowReader } from "./row-reader.js";
import type { TraceEvent } from "./trace-event.js";

/** The columns of Azure's function invocations. */
export const AZURE_COLUMNS = ["app", "func", "end_timestamp", "duration"] as const;

/** How long an idle container is kept; the trace does not tell, ten minutes are usual. */
const KEEP_ALIVE_US = 600e6;

const SECONDS = "seconds such as 12.5";

/** A decimal number that may be long, or have an exponent when it is tiny. */
const NUMBER = /^\d{1,12}(\.\d+)?(e-\d+)?$/;

interface Invocation {
  readonly func: string;
  readonly startUs: number;
  readonly endUs: number;
}

interface Container {
  readonly pod: string;
  readonly startUs: number;
  /** When its last invocation ends. */
  busyUntilUs: number;
}

/**
 * Reads function invocations (AzureFunctionsInvocationTrace2021 of Azure/AzurePublicDataset): a header
 * with `app,func,end_timestamp,duration` in seconds, in any order. The trace has no pods: here an
 * invocation takes the idle container of its function that was used last, or a new one, which is a
 * pod; a container ends when it was idle for ten minutes. The whole trace is held in memory.
 */
export class AzureFunctionsReader implements RowReader {
  readonly headerLines = 1;
  readonly #row: CsvRow;
  readonly #app: number;
  readonly #func: number;
  readonly #end: number;
  readonly #duration: number;
  readonly #invocations: Invocation[] = [];

  constructor(header: CsvHeader) {
    this.#row = new CsvRow(header.file, header.columns);
    this.#app = header.indexOf("app");
    this.#func = header.indexOf("func");
    this.#end = header.indexOf("end_timestamp");
    this.#duration = header.indexOf("duration");
  }

  read(text: string, line: number): void {
    const row = this.#row;
    row.load(text, line);
    row.checkColumnCount("as in the header");
    const func = detached(`${row.text(this.#app)}/${row.text(this.#func)}`);
    const endUs = this.#us(this.#end);
    const durationUs = this.#us(this.#duration);
    const startUs = Math.max(0, endUs - durationUs);
    this.#invocations.push({ func, startUs, endUs });
  }

  #us(column: number): number {
    const text = this.#row.text(column);
    if (!NUMBER.test(text)) this.#row.refuse(column, SECONDS);
    return Math.round(Number(text) * 1e6);
  }

  finish(events: TraceEvent[]): void {
    const lives: PodLife[] = [];
    const containers = new Map<string, Container[]>();
    const end = ({ pod, startUs, busyUntilUs }: Container) => {
      lives.push({ pod, node: "", startUs, endUs: busyUntilUs + KEEP_ALIVE_US });
    };
    this.#invocations.sort((a, b) => a.startUs - b.startUs);
    for (const { func, startUs, endUs } of this.#invocations) {
      const all = containers.get(func) ?? [];
      containers.set(func, all);
      for (const { busyUntilUs } of [...all]) {
        if (busyUntilUs + KEEP_ALIVE_US > startUs) continue;
        end(
          all.splice(
            all.findIndex((each) => each.busyUntilUs === busyUntilUs),
            1,
          )[0]!,
        );
      }
      const idle = all.filter(({ busyUntilUs }) => busyUntilUs <= startUs);
      idle.sort((a, b) => b.busyUntilUs - a.busyUntilUs);
      if (idle[0] !== undefined) idle[0].busyUntilUs = endUs;
      else
        all.push({
          pod: `${func.slice(0, 8)}-${lives.length + all.length}`,
          startUs,
          busyUntilUs: endUs,
        });
    }
    for (const all of containers.values()) all.forEach(end);
    events.push(...eventsOfLives(lives, 0));
  }
}
