import { plainAssignment } from "../../src/protocol/plain-assignment.js";
import { answerPods } from "../../src/controllers/answer-pods.js";
import type { ClusterView } from "../../src/controllers/cluster-view.js";
import { GarbageCollector, type SyncOutcome } from "../../src/controllers/garbage-collector.js";
import type { Datastore } from "../../src/datastore/datastore.js";
import { MemoryDatastore } from "../../src/datastore/memory.js";
import { Recorder } from "../../src/datastore/recorder.js";
import { formatAddress } from "../../src/model/address.js";
import type { CalicoError } from "../../src/model/calico-error.js";
import { Cidr } from "../../src/model/cidr.js";
import type { Pod, PodLookup } from "../../src/model/pod.js";
import { makePool } from "../../src/model/pool.js";
import { ascendingMapOrder, UNLIMITED } from "../../src/protocol/environment.js";
import { Ipam } from "../../src/protocol/ipam.js";
import { PoolViews } from "../../src/protocol/pool-views.js";
import { runToEnd } from "../../src/protocol/run.js";
import { findProfile } from "../../src/releases/profiles.js";

/** All pods of a test are in one namespace. */
function nameOf(podKey: string): string {
  return podKey.slice(podKey.indexOf("/") + 1);
}

/** Kubernetes in the hands of a test; the live look-up answers as the cache unless told otherwise. */
class FakeCluster implements ClusterView {
  readonly nodes = new Set<string>();
  readonly pods = new Map<string, PodLookup>();
  readonly live = new Map<string, PodLookup>();
  readonly liveLookUps: string[] = [];
  migrating: boolean | "failed" = false;

  hasNode(name: string): boolean {
    return this.nodes.has(name);
  }

  isMigratingFromFlannel(): boolean | "failed" {
    return this.migrating;
  }

  cachedPod(key: string): PodLookup {
    return this.pods.get(nameOf(key)) ?? "notFound";
  }

  livePod(key: string): PodLookup {
    const name = nameOf(key);
    this.liveLookUps.push(name);
    return this.live.get(name) ?? this.cachedPod(key);
  }
}

export function runningPod(node: string, addresses: readonly string[]): Pod {
  return { node, phase: "Running", addresses, isReleased: false };
}

export interface StageOptions {
  readonly graceSeconds: number | undefined;
  readonly release?: string;
  /** Prefix length of the one pool's blocks. */
  readonly blockSize?: number;
  readonly skipsUnchanged?: boolean;
}

/** A collector on a small cluster with the nodes `n1` and `n2`, and a clock that a test moves. */
export class Stage {
  readonly cluster = new FakeCluster();
  readonly datastore: MemoryDatastore;
  readonly ipam: Ipam;
  readonly collector: GarbageCollector;
  /** Calls of the last sync, as `verb object`. */
  calls: string[] = [];
  /** How the last sync ended. */
  lastOutcome: SyncOutcome | undefined;
  /** Wraps the datastore that a sync sees. */
  wrap: (datastore: Datastore) => Datastore = (datastore) => datastore;
  #nowNs = 1_000_000_000_000n;
  #told = new Set<string>();

  constructor(options: StageOptions) {
    const { graceSeconds, release = "v3.28.4", blockSize = 30, skipsUnchanged = false } = options;
    const { behaviours } = findProfile(release)!;
    this.datastore = new MemoryDatastore({ existsShowsInner: false, affinityKeyShowsType: false });
    this.ipam = new Ipam({
      release: behaviours,
      machineName: "stage",
      nowNs: () => this.#nowNs,
      mapOrder: ascendingMapOrder,
      poolViews: new PoolViews(behaviours),
    });
    this.collector = new GarbageCollector(this.ipam, this.cluster, {
      graceSeconds,
      skipsUnchanged,
    });
    this.collector.isInSync = true;
    const pool = makePool({ name: "pool", cidr: Cidr.of("10.0.0.0/24"), blockSize });
    this.datastore.setPool(pool);
    this.collector.updatePool(pool);
    for (const name of ["n1", "n2"]) this.addNode(name);
  }

  addNode(name: string): void {
    this.datastore.setNode({ name, labels: {} });
    this.cluster.nodes.add(name);
    this.collector.updateNode(name);
  }

  /** Takes the node out of Kubernetes and, unless it stays known to Calico, out of Calico. */
  removeNode(name: string, { staysInCalico = false } = {}): void {
    this.cluster.nodes.delete(name);
    if (staysInCalico) return;
    this.datastore.deleteNode(name);
    this.collector.deleteNode(name);
  }

  get nowNs(): bigint {
    return this.#nowNs;
  }

  advance(seconds: number): void {
    this.moveTo(this.#nowNs + BigInt(Math.round(seconds * 1e9)));
  }

  /** Moves the clock, which never goes back. */
  protected moveTo(timeNs: bigint): void {
    this.#nowNs = timeNs > this.#nowNs ? timeNs : this.#nowNs;
  }

  /** Assigns addresses on a node; returns their texts. */
  assign(
    node: string,
    handle: string | null,
    attributes: Readonly<Record<string, string>>,
    count = 1,
  ): string[] {
    const steps = this.ipam.autoAssign(
      UNLIMITED,
      plainAssignment({
        num4: count,
        num6: 0,
        handle,
        attributes: { node, ...attributes },
        host: node,
      }),
    );
    const { v4 } = runToEnd(steps, this.datastore);
    return v4!.taken.flatMap(({ block, ordinals }) =>
      ordinals.map((ordinal) => formatAddress(block.addressAt(ordinal))),
    );
  }

  /** Assigns addresses to a pod, whose handle is its name. */
  assignPod(node: string, pod: string, count = 1): string[] {
    return this.assign(node, pod, { namespace: "default", pod }, count);
  }

  release(handle: string): void {
    runToEnd(this.ipam.releaseByHandle(handle), this.datastore);
  }

  /** Tells the collector of all blocks as they are now. */
  tellBlocks(): void {
    const blocks = this.datastore.listBlocks().map(({ value }) => value);
    const present = new Set(blocks.map((block) => block.cidr.text));
    for (const cidr of this.#told) if (!present.has(cidr)) this.collector.deleteBlock(cidr);
    for (const block of blocks) this.collector.updateBlock(block);
    this.#told = present;
  }

  /** One sync without any news of blocks. */
  syncOnly(): CalicoError | undefined {
    const recorder = new Recorder(this.wrap(this.datastore));
    const steps = answerPods(this.collector.sync(), (key) => this.cluster.livePod(key));
    this.lastOutcome = runToEnd(steps, recorder);
    this.calls = recorder.calls.map(([, verb, object]) => `${verb} ${object}`);
    return this.lastOutcome.error;
  }

  sync(): CalicoError | undefined {
    this.tellBlocks();
    return this.syncOnly();
  }

  get ownedBlocks(): string[] {
    return this.datastore.listAffinities().map(({ value }) => `${value.host} ${value.cidr.text}`);
  }

  get handles(): string[] {
    return this.datastore.listHandles().map(({ value }) => value.id);
  }
}
