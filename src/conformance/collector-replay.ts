import { answerPods } from "../controllers/answer-pods.js";
import type { ClusterView } from "../controllers/cluster-view.js";
import { GarbageCollector } from "../controllers/garbage-collector.js";
import { type FieldReader, UnreadableField } from "../formats/golden/field-reader.js";
import { type Pod, podKey, type PodLookup } from "../model/pod.js";
import type { Pool } from "../model/pool.js";
import { Ipam } from "../protocol/ipam.js";
import type { RecordedSteps } from "./operation.js";
import type { ReplayWorld } from "./world.js";

/** Kubernetes as the recorded edits describe it; cache and live look-up always agree. */
class RecordedCluster implements ClusterView {
  readonly nodes = new Set<string>();
  readonly pods = new Map<string, Pod>();

  hasNode(name: string): boolean {
    return this.nodes.has(name);
  }

  isMigratingFromFlannel(): boolean {
    return false;
  }

  cachedPod(key: string): PodLookup {
    return this.pods.get(key) ?? "notFound";
  }
}

function keyOf(op: FieldReader): string {
  return podKey(op.textMap("attrs")?.["namespace"] ?? "", op.text("name"));
}

function podOf(op: FieldReader): Pod {
  const address = op.text("ip");
  return {
    node: op.text("host"),
    phase: op.textMap("attrs")?.["phase"] ?? "",
    addresses: address === "" ? [] : [address],
    isReleased: false,
  };
}

function inKeyOrder<T>(entries: Iterable<readonly [string, T]>): (readonly [string, T])[] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What one kind of object looked like when the collector was last told of it. */
class Watched<T> {
  #known: ReadonlyMap<string, T> = new Map();

  /** Tells what has changed since the last time: deletions first, then updates, each by key. */
  tell(
    current: ReadonlyMap<string, T>,
    onDelete: (key: string) => void,
    onUpdate: (key: string, value: T) => void,
  ): void {
    for (const [key] of inKeyOrder(this.#known)) if (!current.has(key)) onDelete(key);
    for (const [key, value] of inKeyOrder(current)) {
      if (this.#known.get(key) !== value) onUpdate(key, value);
    }
    this.#known = new Map(current);
  }
}

/** Replays the part of a trace that concerns the garbage collector of kube-controllers. */
export class CollectorReplay {
  readonly #cluster = new RecordedCluster();
  /** Calico's nodes; none carries anything that the collector looks at. */
  readonly #nodes = new Map<string, true>();
  readonly #watchedNodes = new Watched<true>();
  readonly #watchedPools = new Watched<Pool>();
  readonly #watchedBlocks = new Watched<number>();
  #collector: GarbageCollector | undefined;

  constructor(private readonly world: ReplayWorld) {}

  /**
   * Performs an edit that only the collector and Kubernetes know, and notes those of Calico's nodes.
   *
   * @returns whether the edit is done.
   */
  edit(op: FieldReader): boolean {
    const name = op.text("name");
    switch (op.text("op")) {
      case "gcStart":
        this.#start(op.number("seconds"));
        return true;
      case "setKubernetesPod":
        this.#cluster.pods.set(keyOf(op), podOf(op));
        return true;
      case "deleteKubernetesPod":
        this.#cluster.pods.delete(keyOf(op));
        return true;
      case "setKubernetesNode":
        this.#cluster.nodes.add(name);
        return true;
      case "deleteKubernetesNode":
        this.#cluster.nodes.delete(name);
        return true;
      case "setNode":
        this.#nodes.set(name, true);
        return false;
      case "deleteNode":
        this.#nodes.delete(name);
        return false;
      default:
        return false;
    }
  }

  /** Tells the collector what has changed, and gives the steps of one sync. */
  *sync(): RecordedSteps {
    const collector = this.#collector;
    if (collector === undefined) throw new UnreadableField('op.op: "gcSync" without "gcStart"');
    this.#tell(collector);
    // The recorded release looks at everything; where later ones check what has changed, a recorded
    // sync is one of their periodic ones.
    collector.requireFullScan();
    // Look-ups of pods are no calls of the datastore, and were not recorded.
    const { error } = yield* answerPods(collector.sync(), (key) => this.#cluster.cachedPod(key));
    const outcome = {
      candidates: collector.candidates.sort(),
      confirmedLeaks: collector.confirmedLeaks.sort(),
    };
    return error === undefined
      ? outcome
      : { ...outcome, error: error.text, errorType: error.goType };
  }

  #start(graceSeconds: number): void {
    // The recorded collector's clock stands still between two edits of it: a leak as old as the
    // grace period, to the second, is not yet older.
    const ipam = new Ipam({ ...this.world.ipam.env, nowNs: () => this.world.clockNs });
    this.#collector = new GarbageCollector(ipam, this.#cluster, {
      graceSeconds: graceSeconds < 0 ? undefined : graceSeconds,
    });
    this.#collector.isInSync = true;
  }

  #tell(collector: GarbageCollector): void {
    const { datastore } = this.world;
    this.#watchedPools.tell(
      new Map(datastore.pools.map((pool) => [pool.name, pool])),
      (name) => collector.deletePool(name),
      (_name, pool) => collector.updatePool(pool),
    );
    this.#watchedNodes.tell(
      this.#nodes,
      (name) => collector.deleteNode(name),
      (name) => collector.updateNode(name),
    );
    const blocks = datastore.listBlocks();
    const blockOf = new Map(blocks.map(({ value }) => [value.cidr.text, value]));
    this.#watchedBlocks.tell(
      new Map(blocks.map(({ value, revision }) => [value.cidr.text, revision])),
      (cidr) => collector.deleteBlock(cidr),
      (cidr) => collector.updateBlock(blockOf.get(cidr)!),
    );
  }
}
