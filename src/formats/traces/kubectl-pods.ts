import { BadInput } from "../../failure/failure.js";
import { timeUsOf } from "../cluster/audited-pod.js";
import { Field, FieldFault } from "../cluster/field-reader.js";
import type { DocumentParts } from "../cluster/json-splitter.js";
import { podOf } from "../cluster/kubernetes-objects.js";
import type { TextPiece } from "../cluster/text-piece.js";
import { eventsOfLives, type PodLife } from "./collected-lives.js";
import { printable } from "./printable.js";
import { countSkipped } from "./row-reader.js";
import type { TraceEvent, TraceStatistics } from "./trace-event.js";

/** What was seen of a pod; a later sighting tells more. */
interface SeenPod {
  pod: string;
  node: string;
  startUs: number | undefined;
  endUs: number;
}

/**
 * Reads what `kubectl get pods -A -o json` prints: a list, or with `--watch` (and
 * `--output-watch-events`) one pod after the other. A pod asks for its address when the kubelet has
 * taken it (`status.startTime`, else its creation), and gives it back when its last container has
 * ended, or when it is deleted (`deletionTimestamp`, which counts the grace period in). Pods on the
 * host's network and pods without a node ask for none. The pods are held in memory.
 */
export class KubectlPods implements DocumentParts {
  readonly #members = new Map<string, unknown>();
  readonly #pods = new Map<string, SeenPod>();
  #isList = false;

  constructor(
    private readonly file: string,
    private readonly statistics: TraceStatistics,
  ) {}

  member(key: string, value: unknown): void {
    this.#members.set(key, value);
  }

  element(key: string, _index: number, value: unknown, piece: TextPiece): void {
    if (key === "items" || key === "") this.#see(value, false, piece.line);
  }

  list(key: string): void {
    if (key === "items" || key === "") this.#isList = true;
  }

  other(_value: unknown, { line, column }: TextPiece): void {
    throw new BadInput({
      file: this.file,
      line,
      column,
      message: "expected a pod or a list of pods",
    });
  }

  end(): void {
    const document = Object.fromEntries(this.#members);
    this.#members.clear();
    const isList = this.#isList;
    this.#isList = false;
    if (isList) return;
    const isWatchEvent = typeof document["type"] === "string" && document["object"] !== undefined;
    if (isWatchEvent) this.#see(document["object"], document["type"] === "DELETED", undefined);
    else this.#see(document, false, undefined);
  }

  #see(value: unknown, isDeleted: boolean, line: number | undefined): void {
    this.statistics.rows++;
    try {
      this.#note(new Field(value), isDeleted);
    } catch (error) {
      if (!(error instanceof FieldFault)) throw error;
      const { fault: message, field } = error;
      throw new BadInput({ file: this.file, line, field: printable(field), message });
    }
  }

  #note(object: Field, isDeleted: boolean): void {
    const pod = podOf(object);
    if (pod === undefined) {
      countSkipped(this.statistics, "otherEvent");
      return;
    }
    if (pod.nodeName === "" || pod.hostNetwork) {
      countSkipped(this.statistics, pod.nodeName === "" ? "neverScheduled" : "hostNetwork");
      return;
    }
    const metadata = object.member("metadata");
    const key = `${pod.namespace || "default"}/${pod.name}`;
    const uid = metadata.member("uid").optionalText() || key;
    const known = this.#pods.get(uid);
    const seen = known ?? { pod: key, node: pod.nodeName, startUs: undefined, endUs: Infinity };
    this.#pods.set(uid, seen);
    const startedUs = timeUsOf(object.member("status").optionalObject().member("startTime"));
    const createdUs = timeUsOf(metadata.member("creationTimestamp"));
    seen.startUs = startedUs ?? seen.startUs ?? createdUs;
    const finishedUs = pod.finishedMs === null ? undefined : pod.finishedMs * 1000;
    const endUs =
      (pod.isFinished ? finishedUs : undefined) ??
      timeUsOf(metadata.member("deletionTimestamp")) ??
      (isDeleted ? seen.startUs : undefined);
    if (endUs !== undefined && endUs < seen.endUs) seen.endUs = endUs;
  }

  /** Every event, in order of time. */
  events(): TraceEvent[] {
    const lives: PodLife[] = [];
    for (const { pod, node, startUs, endUs } of this.#pods.values()) {
      if (startUs === undefined) countSkipped(this.statistics, "neverScheduled");
      else lives.push({ pod, node, startUs, endUs: Math.max(startUs, endUs) });
    }
    return eventsOfLives(lives);
  }
}
