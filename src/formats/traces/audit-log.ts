import { BadInput } from "../../failure/failure.js";
import { eventsOfLives, type PodLife } from "./collected-lives.js";
import { isObject, textAt } from "./json-value.js";
import { countSkipped, type RowReader } from "./row-reader.js";
import { parseClockUs } from "./time-text.js";
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
 * Reads the audit log of a Kubernetes API server, one event a line
 * (`staging/src/k8s.io/apiserver/pkg/apis/audit/v1/types.go@v1.31.0`). A pod asks for its address when
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
    const isPod = textAt(event, "objectRef", "resource") === "pods";
    const isComplete = (textAt(event, "stage") ?? "ResponseComplete") === "ResponseComplete";
    const code = isObject(event["responseStatus"]) ? event["responseStatus"]["code"] : undefined;
    const isDone = typeof code !== "number" || code < 400;
    if (!isPod || !isComplete || !isDone || !this.#note(event, line)) {
      countSkipped(this.statistics, "otherEvent");
    }
  }

  #parse(text: string, line: number): Readonly<Record<string, unknown>> {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new BadInput({ file: this.file, line, message: "expected a JSON object in each line" });
    }
    if (isObject(value)) return value;
    throw new BadInput({ file: this.file, line, message: "expected an audit event" });
  }

  #note(event: Readonly<Record<string, unknown>>, line: number): boolean {
    const verb = textAt(event, "verb");
    const subresource = textAt(event, "objectRef", "subresource") ?? "";
    const name =
      textAt(event, "objectRef", "name") ?? textAt(event, "responseObject", "metadata", "name");
    if (name === undefined) return false;
    const pod = `${textAt(event, "objectRef", "namespace") ?? "default"}/${name}`;
    const timeText = textAt(event, "stageTimestamp") ?? textAt(event, "requestReceivedTimestamp");
    const timeUs = parseClockUs(timeText ?? "");
    if (timeUs === undefined) {
      const message = "expected a time such as 2026-01-05T10:00:00.000000Z";
      throw new BadInput({ file: this.file, line, field: "stageTimestamp", message });
    }
    if (verb === "create" && subresource === "") {
      this.#begin(pod).createdUs = timeUs;
    } else if (verb === "create" && subresource === "binding") {
      const known = this.#current.get(pod) ?? this.#begin(pod);
      known.boundUs = timeUs;
      known.node = textAt(event, "requestObject", "target", "name") ?? "";
    } else if (verb === "delete" && subresource === "" && this.#current.has(pod)) {
      this.#current.get(pod)!.deletedUs = timeUs;
    } else {
      return false;
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
