import { BadInput } from "../../failure/failure.js";
import { readBytes, type TextSourceOptions } from "../text-source.js";
import { printable } from "../traces/printable.js";
import { auditedPod, auditedTimeUs, timeUsOf } from "./audited-pod.js";
import type { PodOwner } from "./cluster-dump.js";
import { Field, FieldFault } from "./field-reader.js";
import { type DocumentParts, JsonSplitter } from "./json-splitter.js";
import { podOf } from "./kubernetes-objects.js";
import { inside, placeOf, type TextPiece } from "./text-piece.js";

/** A pod of which a watch or an audit log tells. */
export interface RecordedPod {
  readonly namespace: string;
  readonly name: string;
  /** Undefined when the record does not tell it: a log without bodies knows names only. */
  readonly owner: PodOwner | null | undefined;
  /** Undefined when the record does not tell it. */
  readonly hostNetwork: boolean | undefined;
  /** Milliseconds since 1970; null when it was there before the record begins. */
  readonly startMs: number | null;
  /** Null when the record does not tell its end. */
  readonly endMs: number | null;
}

/** What happened to pods in a time that was recorded. */
export interface PodRecord {
  readonly pods: readonly RecordedPod[];
  readonly fromMs: number;
  readonly toMs: number;
}

type Making = { -readonly [Key in keyof RecordedPod]: RecordedPod[Key] };

const FAULTS_MAX = 20;

/** Gathers events into pods. Pods of one name that follow each other are different ones. */
class Recorder {
  readonly #pods: Making[] = [];
  readonly #current = new Map<string, Making>();
  fromMs = Infinity;
  toMs = -Infinity;
  events = 0;

  #see(timeMs: number | null, isChange: boolean): void {
    if (timeMs === null) return;
    if (timeMs > this.toMs) this.toMs = timeMs;
    if (isChange && timeMs < this.fromMs) this.fromMs = timeMs;
  }

  #start(pod: Making): void {
    this.#current.set(`${pod.namespace}/${pod.name}`, pod);
    this.#pods.push(pod);
  }

  /** A line of an audit log. Pods are gone with their last deletion. */
  audited(event: Field): void {
    this.events++;
    const timeUs = auditedTimeUs(event);
    const done = auditedPod(event);
    if (timeUs === undefined) return;
    const timeMs = Math.floor(timeUs / 1000);
    this.#see(timeMs, true);
    if (done === undefined) return;
    const { namespace, name } = done;
    let pod = this.#current.get(`${namespace}/${name}`);
    if (pod === undefined) {
      const body = podOf(done.answer);
      const { owner, hostNetwork } = body ?? { owner: undefined, hostNetwork: undefined };
      // A pod's name is not always told when it is made, but is when it is bound to its node.
      const startMs = done.action === "delete" ? null : timeMs;
      pod = { namespace, name, owner, hostNetwork, startMs, endMs: null };
      this.#start(pod);
    }
    // The kubelet deletes once more when the containers have ended.
    if (done.action === "delete") pod.endMs = timeMs;
  }

  /** An event of `kubectl get pods --watch --output-watch-events -o json`. */
  watched(type: string, object: Field): void {
    this.events++;
    const pod = podOf(object);
    if (pod === undefined) return;
    const metadata = object.member("metadata");
    const changes = [...conditionTimes(object), pod.finishedMs];
    for (const timeMs of changes) this.#see(timeMs, type !== "ADDED");
    this.#see(pod.createdMs, false);
    const key = `${pod.namespace}/${pod.name}`;
    let known = this.#current.get(key);
    if (known === undefined || known.startMs !== pod.createdMs) {
      const { namespace, name, owner, hostNetwork, createdMs } = pod;
      known = { namespace, name, owner, hostNetwork, startMs: createdMs, endMs: null };
      this.#start(known);
    }
    if (type !== "DELETED" && !pod.isFinished) return;
    // The time of deletion is when the grace period ends; most pods end before.
    const deletedMs = timeOf(metadata.member("deletionTimestamp"));
    known.endMs = pod.finishedMs ?? deletedMs ?? known.endMs;
    this.#see(known.endMs, true);
  }

  finish(): PodRecord {
    const fromMs = Math.min(this.fromMs, this.toMs);
    return { pods: this.#pods, fromMs, toMs: this.toMs };
  }
}

function timeOf(field: Field): number | null {
  const timeUs = timeUsOf(field);
  return timeUs === undefined ? null : Math.floor(timeUs / 1000);
}

function* conditionTimes(object: Field): Generator<number | null> {
  const status = object.member("status").optionalObject();
  for (const condition of status.member("conditions").optionalList()) {
    yield timeOf(condition.member("lastTransitionTime"));
  }
}

/** One document after the other; each is an event. */
class EventDocuments implements DocumentParts {
  readonly recorder = new Recorder();
  readonly faults: FieldFaultPlace[] = [];
  #members = new Map<string, { value: unknown; piece: TextPiece }>();
  #lists = new Map<string, unknown[]>();

  member(key: string, value: unknown, piece: TextPiece): void {
    this.#members.set(key, { value, piece });
  }

  element(key: string, _index: number, value: unknown): void {
    const list = this.#lists.get(key);
    if (list === undefined) this.#lists.set(key, [value]);
    else list.push(value);
  }

  list(key: string): void {
    if (!this.#lists.has(key)) this.#lists.set(key, []);
  }

  other(value: unknown, piece: TextPiece): void {
    this.#members.set("", { value, piece });
  }

  end(): void {
    const members = [...this.#members].map(([key, { value }]) => [key, value] as const);
    const event = new Field(Object.fromEntries([...members, ...this.#lists]));
    try {
      this.#read(event);
    } catch (error) {
      if (!(error instanceof FieldFault)) throw error;
      const [key = "", ...rest] = error.keys;
      const piece = this.#members.get(String(key))?.piece ?? [...this.#members.values()][0]?.piece;
      const place = piece === undefined ? { line: 1, column: 1 } : placeOf(inside(piece, rest));
      this.faults.push({ ...place, field: error.field, message: error.fault });
    }
    this.#members = new Map();
    this.#lists = new Map();
  }

  #read(event: Field): void {
    const type = event.member("type").value;
    if (typeof type === "string" && !event.member("object").isAbsent) {
      this.recorder.watched(type, event.member("object"));
    } else if (event.member("apiVersion").value === "audit.k8s.io/v1") {
      this.recorder.audited(event);
    } else {
      event.refuse(
        "expected an event of a watch (type, object) or of an audit log (audit.k8s.io/v1)",
      );
    }
  }
}

interface FieldFaultPlace {
  readonly line: number;
  readonly column: number;
  readonly field: string;
  readonly message: string;
}

/**
 * Reads what happened to pods: the stream of `kubectl get pods -A --watch --output-watch-events -o
 * json`, or an audit log of the API server (JSON lines, `audit.k8s.io/v1`); plain or gzip.
 *
 * A watch begins with the pods that are there; its time begins with the first change.
 *
 * @throws BadInput with the places of what cannot be read, or when there is no event.
 */
export async function readPodRecord(
  file: string,
  options: TextSourceOptions = {},
): Promise<PodRecord> {
  const documents = new EventDocuments();
  const splitter = new JsonSplitter(file, documents);
  for await (const chunk of readBytes(file, options, () => splitter.line)) splitter.push(chunk);
  splitter.finish();
  const { faults, recorder } = documents;
  if (faults.length > 0) {
    throw new BadInput(
      faults.slice(0, FAULTS_MAX).map(({ field, ...fault }) => {
        return { file, ...fault, field: printable(field) };
      }),
    );
  }
  if (recorder.events === 0 || recorder.toMs === -Infinity) {
    throw new BadInput({ file, message: "has no event of a watch or of an audit log with a time" });
  }
  return recorder.finish();
}
