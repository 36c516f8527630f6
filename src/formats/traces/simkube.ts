import { decode } from "@msgpack/msgpack";
import { BadInput } from "../../failure/failure.js";
import { Field, FieldFault } from "../cluster/field-reader.js";
import { eventsOfLives, type PodLife } from "./collected-lives.js";
import { printable } from "./printable.js";
import { countSkipped } from "./row-reader.js";
import type { TraceEvent, TraceStatistics } from "./trace-event.js";

/** Last second whose microseconds are a safe integer. */
const SECONDS_MAX = Math.floor(Number.MAX_SAFE_INTEGER / 1e6);

const REPLICAS_MAX = 1_000_000;

/** Kinds that keep a number of pods which is a field of theirs. */
const REPLICATED = ["Deployment", "ReplicaSet", "StatefulSet", "ReplicationController"];

type Life = { -readonly [Key in keyof PodLife]: PodLife[Key] };

/** An object that has pods, with those that it has now, the oldest first. */
interface Owner {
  readonly pods: Life[];
  template: string;
  made: number;
}

/** Whether a file that begins with these bytes is a map of msgpack, as no text begins. */
export function isMsgpackMap(head: Buffer): boolean {
  return head.length > 0 && head[0]! >= 0x80 && head[0]! <= 0x8f;
}

function decoded(bytes: Buffer): unknown {
  const most = bytes.length;
  return decode(bytes, {
    // Hashes of 64 bits are keys, and so are pairs of a kind and a name.
    useBigInt64: true,
    mapKeyConverter: (key) => (Array.isArray(key) ? key.join(" ") : String(key)),
    maxStrLength: most,
    maxBinLength: most,
    maxArrayLength: most,
    maxMapLength: most,
    maxExtLength: most,
  });
}

function secondsOf(field: Field): number {
  return field.integer(0, SECONDS_MAX) * 1e6;
}

/** What a SimKube trace says of pods. */
class SimkubeReader {
  readonly #lives: Life[] = [];
  /** Owners whose pods' lives the trace tells, by kind and name. */
  readonly #told = new Map<string, Life[]>();
  readonly #owners = new Map<string, Owner>();
  /** Kind, namespace and name of each object that the trace has. */
  readonly #objects = new Set<string>();

  constructor(private readonly statistics: TraceStatistics) {}

  read(trace: Field): TraceEvent[] {
    const version = trace.member("version");
    if (version.value !== 2) version.fail("2");
    for (const [owner, pods] of trace.member("pod_lifecycles").optionalObject().entries()) {
      this.#told.set(owner, [...this.#lifecycles(owner, pods)]);
    }
    const events = trace.member("events").list();
    for (const event of events) {
      for (const object of event.member("applied_objs").optionalList()) {
        this.#objects.add(`${object.member("kind").text()} ${nameOf(object)}`);
      }
    }
    for (const event of events) {
      const timeUs = secondsOf(event.member("ts"));
      for (const object of event.member("deleted_objs").optionalList())
        this.#delete(object, timeUs);
      for (const object of event.member("applied_objs").optionalList()) this.#apply(object, timeUs);
    }
    return eventsOfLives(this.#lives);
  }

  /** `Empty`, `{ Running: start }` or `{ Finished: [start, end] }`, by the hash of the pod's spec. */
  *#lifecycles(owner: string, byHash: Field): Generator<Life> {
    const isPod = owner.startsWith("v1.Pod ");
    const name = owner.slice(owner.indexOf(" ") + 1);
    let number = 0;
    for (const [, list] of byHash.entries()) {
      for (const lifecycle of list.list()) {
        this.statistics.rows++;
        if (lifecycle.value === "Empty") {
          countSkipped(this.statistics, "neverScheduled");
          continue;
        }
        const finished = lifecycle.member("Finished");
        const [start, end] = finished.isAbsent ? [lifecycle.member("Running")] : finished.list();
        const startUs = secondsOf(start ?? finished);
        const endUs = end === undefined ? Infinity : secondsOf(end);
        if (endUs < startUs) finished.refuse(`the pod ends at ${endUs / 1e6}, before its start`);
        yield this.#live(isPod ? name : `${name}-${number++}`, "", startUs, endUs);
      }
    }
  }

  #live(pod: string, node: string, startUs: number, endUs = Infinity): Life {
    const life = { pod, node, startUs, endUs };
    this.#lives.push(life);
    return life;
  }

  #apply(object: Field, timeUs: number): void {
    this.statistics.rows++;
    const key = keyOf(object);
    if (this.#told.has(key)) return;
    const kind = object.member("kind").text();
    const isPod = kind === "Pod";
    if (this.#hasOwnerHere(object) || !(isPod || REPLICATED.includes(kind))) {
      countSkipped(this.statistics, "otherEvent");
      return;
    }
    const spec = object.member("spec").optionalObject();
    const podSpec = isPod ? spec : spec.member("template").optionalObject().member("spec");
    if (podSpec.optionalObject().member("hostNetwork").optionalBoolean(false)) {
      countSkipped(this.statistics, "hostNetwork");
      return;
    }
    const owner = this.#owners.get(key) ?? { pods: [], template: "", made: 0 };
    this.#owners.set(key, owner);
    const name = nameOf(object);
    if (isPod) {
      const node = spec.member("nodeName").optionalText();
      if (owner.pods.length === 0) owner.pods.push(this.#live(name, node, timeUs));
      return;
    }
    // A new template replaces the pods; how the controller paces that, the trace does not tell.
    const template = JSON.stringify(podSpec.value, (_, value: unknown) =>
      typeof value === "bigint" ? String(value) : value,
    );
    if (owner.template !== template) end(owner.pods, 0, timeUs);
    owner.template = template;
    const replicas = spec.member("replicas").optionalInteger(0, REPLICAS_MAX) ?? 1;
    end(owner.pods, replicas, timeUs);
    while (owner.pods.length < replicas) {
      owner.pods.push(this.#live(`${name}-${owner.made++}`, "", timeUs));
    }
  }

  #delete(object: Field, timeUs: number): void {
    this.statistics.rows++;
    const key = keyOf(object);
    for (const life of this.#told.get(key) ?? []) {
      if (life.endUs === Infinity && life.startUs <= timeUs) life.endUs = timeUs;
    }
    const owner = this.#owners.get(key);
    if (owner !== undefined) end(owner.pods, 0, timeUs);
    else if (!this.#told.has(key)) countSkipped(this.statistics, "otherEvent");
  }

  /** Whether another object of the trace makes this one, so that its pods are counted there. */
  #hasOwnerHere(object: Field): boolean {
    const metadata = object.member("metadata");
    const namespace = metadata.member("namespace").optionalText();
    return metadata
      .member("ownerReferences")
      .optionalList()
      .some((owner) => {
        const name = `${namespace}/${owner.member("name").text()}`;
        return this.#objects.has(`${owner.member("kind").text()} ${name}`);
      });
  }
}

/** Ends the youngest pods until this many are left. */
function end(pods: Life[], left: number, timeUs: number): void {
  for (const life of pods.splice(left)) life.endUs = timeUs;
}

function nameOf(object: Field): string {
  const metadata = object.member("metadata");
  const namespace = metadata.member("namespace").optionalText() || "default";
  return `${namespace}/${metadata.member("name").filledText()}`;
}

/** As `pod_lifecycles` and `index` name an object: `apps/v1.Deployment shop/cart`. */
function keyOf(object: Field): string {
  const type = `${object.member("apiVersion").text()}.${object.member("kind").text()}`;
  return `${type} ${nameOf(object)}`;
}

/**
 * Reads a trace that SimKube recorded, version 2: msgpack with `events`, each the objects that were
 * applied and deleted at a second, and `pod_lifecycles`
 * (`sk-store/src` of acrlabs/simkube; samples in its `examples/traces`).
 *
 * The pods of an object whose lifecycles are recorded live as these say. Those of a Deployment,
 * ReplicaSet, StatefulSet or ReplicationController without lifecycles follow from its `replicas`: they
 * start and end at the second of the change, the youngest end first, and a changed pod template ends
 * all and starts new ones. Other objects without lifecycles (CronJobs, DaemonSets) tell of no pods and
 * are counted as `otherEvent`. The trace names no nodes, but for bare pods that were bound.
 *
 * @throws BadInput at the field that is not as it must be.
 */
export function readSimkube(
  file: string,
  bytes: Buffer,
  statistics: TraceStatistics,
): TraceEvent[] {
  let content: unknown;
  try {
    content = decoded(bytes);
  } catch (error) {
    const message = `is not a SimKube trace: msgpack: ${printable((error as Error).message)}`;
    throw new BadInput({ file, message });
  }
  try {
    return new SimkubeReader(statistics).read(new Field(content));
  } catch (error) {
    if (!(error instanceof FieldFault)) throw error;
    const message = `is not a SimKube trace of version 2: ${error.fault}`;
    throw new BadInput({ file, field: printable(error.field), message });
  }
}
