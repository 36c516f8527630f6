import type { TraceEvent } from "../../formats/traces/trace-event.js";
import type { Activity, Kernel } from "../../simulation/kernel.js";
import type { ExecutorRun } from "../executor-run.js";
import type { Pod } from "../pod.js";
import type { PodGroup } from "../pod-group.js";
import type { WorkloadHost } from "../workload-host.js";

/** A stream of events in order of time, in batches. */
export type EventBatches = AsyncIterator<readonly TraceEvent[], void>;

/**
 * Replays a recorded churn: each pod comes and goes when the trace says so. The trace is read in
 * batches; what is loaded must reach beyond the time that the kernel runs to.
 */
export class TraceReplay implements ExecutorRun, Activity {
  #events: readonly TraceEvent[] = [];
  #next = 0;
  #isEnded = false;
  readonly #pods = new Map<string, Pod>();

  constructor(
    readonly group: PodGroup,
    private readonly host: WorkloadHost,
    private readonly kernel: Kernel,
    private readonly startUs: number,
    private readonly batches: EventBatches,
    /** Before pod names, so that those of several traces differ. */
    private readonly prefix: string,
  ) {}

  /** Every event before this time is loaded; Infinity when the trace is read to its end. */
  get loadedToUs(): number {
    const last = this.#events.at(-1);
    return this.#isEnded || last === undefined ? Infinity : this.startUs + last.timeUs;
  }

  /** Reads on until what is loaded reaches beyond this time. */
  async load(timeUs: number): Promise<void> {
    while (!this.#isEnded && (this.#events.length === 0 || this.loadedToUs <= timeUs)) {
      const batch = await this.batches.next();
      if (batch.done === true) {
        this.#isEnded = true;
      } else {
        this.#events = [...this.#events.slice(this.#next), ...batch.value];
        this.#next = 0;
      }
    }
  }

  /** To be called when the first batch is loaded. */
  start(): void {
    this.#scheduleNext();
  }

  wake(): void {
    // The event that comes next is always loaded, so its turn among others of the same time does
    // not depend on how the file was cut into batches.
    const { timeUs } = this.#events[this.#next]!;
    for (;;) {
      const event = this.#events[this.#next];
      if (event?.timeUs !== timeUs) break;
      this.#next++;
      this.#perform(event);
    }
    this.#scheduleNext();
  }

  #scheduleNext(): void {
    const next = this.#events[this.#next];
    if (next !== undefined) this.kernel.schedule(this.startUs + next.timeUs, this);
  }

  #perform({ kind, pod: name, node }: TraceEvent): void {
    if (kind === "add") {
      const pod = this.host.want(this.group, this.prefix + name, node);
      if (pod !== undefined) this.#pods.set(name, pod);
      return;
    }
    const pod = this.#pods.get(name);
    if (pod === undefined) return;
    this.#pods.delete(name);
    this.host.end(pod);
  }
}
