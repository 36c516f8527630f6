import { BadInput } from "../../failure/failure.js";
import type { DocumentParts } from "../cluster/json-splitter.js";
import type { TextPiece } from "../cluster/text-piece.js";
import { eventsOfLives, type PodLife } from "./collected-lives.js";
import { isObject, textAt } from "./json-value.js";
import { countSkipped } from "./row-reader.js";
import { parseClockUs } from "./time-text.js";
import type { TraceEvent, TraceStatistics } from "./trace-event.js";

const FINISHED = ["Succeeded", "Failed"];

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
    const isWatchEvent = typeof document["type"] === "string" && isObject(document["object"]);
    if (isWatchEvent) this.#see(document["object"], document["type"] === "DELETED", undefined);
    else this.#see(document, false, undefined);
  }

  #see(pod: unknown, isDeleted: boolean, line: number | undefined): void {
    this.statistics.rows++;
    if (textAt(pod, "kind") !== "Pod" || !isObject(pod)) {
      countSkipped(this.statistics, "otherEvent");
      return;
    }
    const spec = pod["spec"];
    const node = textAt(spec, "nodeName") ?? "";
    if (node === "" || (isObject(spec) && spec["hostNetwork"] === true)) {
      countSkipped(this.statistics, node === "" ? "neverScheduled" : "hostNetwork");
      return;
    }
    const name = textAt(pod, "metadata", "name") ?? "";
    const key = `${textAt(pod, "metadata", "namespace") ?? "default"}/${name}`;
    const uid = textAt(pod, "metadata", "uid") ?? key;
    const seen = this.#pods.get(uid) ?? { pod: key, node, startUs: undefined, endUs: Infinity };
    this.#pods.set(uid, seen);
    const createdUs = this.#time(pod, line, "metadata", "creationTimestamp");
    seen.startUs = this.#time(pod, line, "status", "startTime") ?? seen.startUs ?? createdUs;
    const deletedUs = this.#time(pod, line, "metadata", "deletionTimestamp");
    const finishedUs = FINISHED.includes(textAt(pod, "status", "phase") ?? "")
      ? this.#finishedUs(pod, line)
      : undefined;
    const endUs = finishedUs ?? deletedUs ?? (isDeleted ? seen.startUs : undefined);
    if (endUs !== undefined && endUs < seen.endUs) seen.endUs = endUs;
  }

  /** When the last container ended. */
  #finishedUs(pod: unknown, line: number | undefined): number | undefined {
    const status = isObject(pod) ? pod["status"] : undefined;
    const containers = isObject(status) ? status["containerStatuses"] : undefined;
    let last: number | undefined;
    for (const container of Array.isArray(containers) ? containers : []) {
      const endedUs = this.#time(container, line, "state", "terminated", "finishedAt");
      if (endedUs !== undefined && (last === undefined || endedUs > last)) last = endedUs;
    }
    return last;
  }

  #time(value: unknown, line: number | undefined, ...path: string[]): number | undefined {
    const text = textAt(value, ...path);
    if (text === undefined) return undefined;
    const us = parseClockUs(text);
    if (us !== undefined) return us;
    const message = "expected a time such as 2026-01-05T10:00:00Z";
    throw new BadInput({ file: this.file, line, field: path.join("."), message });
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
