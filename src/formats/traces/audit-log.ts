import { BadInput } from "../../failure/failure.js";
import { auditedPod, auditedTimeUs } from "../cluster/audited-pod.js";
import { Field, FieldFault } from "../cluster/field-reader.js";
import { eventsOfLives, type PodLife } from "./collected-lives.js";
import { printable } from "./printable.js";
import { countSkipped, type RowReader } from "./row-reader.js";
import type { TraceEvent, TraceStatistics } from "./trace-event.js";

/** What the log tells of one pod. */
interface PodInLog {
  readonly pod: string;
  createdUs: number | undefined;
  boundUs: number | undefined;
  node: string;
  deletedUs: number;
}

/**
 * Reads the audit log of a Kubernetes API server, one event a line. A pod asks for its address when
 * it is bound to its node, or when it is created if the log tells of no binding; it gives it back
 * when it is deleted for the last time (the kubelet deletes it once more when it has ended). Failed
 * requests and other stages than ResponseComplete count for nothing. Needs a policy that logs pods;
 * pods with `generateName` need the level RequestResponse, which tells their names.
 */
export class AuditLogReader implements RowReader {
  readonly headerLines = 0;
  readonly #pods: PodInLog[] = [];
  /** Of each name the pod that has it now. */
  readonly #current = new Map<string, PodInLog>();

  constructor(
    private readonly file: string,
    private readonly statistics: TraceStatistics,
  ) {}

  read(text: string, line: number): void {
    const event = this.#parse(text, line);
    try {
      if (!this.#note(event)) countSkipped(this.statistics, "otherEvent");
    } catch (error) {
      if (!(error instanceof FieldFault)) throw error;
      const { fault: message, field } = error;
      throw new BadInput({ file: this.file, line, field: printable(field), message });
    }
  }

  #parse(text: string, line: number): Field {
    try {
      return new Field(JSON.parse(text));
    } catch {
      throw new BadInput({ file: this.file, line, message: "expected a JSON object in each line" });
    }
  }

  #note(event: Field): boolean {
    const done = auditedPod(event);
    if (done === undefined) return false;
    const timeUs = auditedTimeUs(event);
    if (timeUs === undefined) return event.member("stageTimestamp").fail("a time");
    const pod = `${done.namespace}/${done.name}`;
    const known = this.#current.get(pod);
    if (done.action === "create") {
      this.#begin(pod).createdUs = timeUs;
    } else if (done.action === "bind") {
      const bound = known ?? this.#begin(pod);
      bound.boundUs = timeUs;
      bound.node = done.node;
    } else if (known === undefined) {
      return false;
    } else {
      known.deletedUs = timeUs;
    }
    return true;
  }

  #begin(pod: string): PodInLog {
    const begun = { pod, createdUs: undefined, boundUs: undefined, node: "", deletedUs: Infinity };
    this.#pods.push(begun);
    this.#current.set(pod, begun);
    return begun;
  }

  finish(events: TraceEvent[]): void {
    const tellsBindings = this.#pods.some(({ boundUs }) => boundUs !== undefined);
    const lives: PodLife[] = [];
    for (const { pod, node, createdUs, boundUs, deletedUs } of this.#pods) {
      const startUs = tellsBindings ? boundUs : createdUs;
      if (startUs === undefined) countSkipped(this.statistics, "neverScheduled");
      else lives.push({ pod, node, startUs, endUs: Math.max(startUs, deletedUs) });
    }
    events.push(...eventsOfLives(lives));
  }
}
