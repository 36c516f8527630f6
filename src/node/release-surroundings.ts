import type { MemoryDatastore } from "../datastore/memory.js";
import type { ApiServer } from "../datastore/simulated/api-server.js";
import type { CallWitness, ProcessSurroundings } from "../datastore/simulated/client-process.js";
import { EtcdStore, KubernetesStore } from "../datastore/simulated/timed-store.js";
import type { RateLimit } from "../datastore/simulated/token-bucket.js";
import type { PodLookup } from "../model/pod.js";
import { Ipam } from "../protocol/ipam.js";
import { PoolViews } from "../protocol/pool-views.js";
import type { Behaviours } from "../releases/behaviours.js";
import type { Kernel } from "../simulation/kernel.js";
import { latestClockNs } from "../simulation/latest-clock.js";
import type { RandomStreams } from "../simulation/random-streams.js";
import { shuffled } from "../simulation/shuffled.js";
import { ClusterLock } from "./cluster-lock.js";

/** How objects are stored: as custom resources of Kubernetes, or in an etcd of Calico's own. */
export type DatastoreMode = "kubernetes" | "etcd";

export interface ReleaseSurroundingsOptions {
  readonly kernel: Kernel;
  readonly datastore: MemoryDatastore;
  readonly server: ApiServer;
  readonly mode: DatastoreMode;
  readonly clientLimit: RateLimit;
  readonly random: RandomStreams;
}

/** What the processes of one release share, on whatever node. */
export interface ReleaseSurroundings {
  readonly behaviours: Behaviours;
  readonly ipam: Ipam;
  readonly processes: ProcessSurroundings;
  readonly clusterLock: ClusterLock | null;
  readonly clientLimit: RateLimit;
}

/** Wall clock at the start of a simulation that begins with nothing: nothing is older than it can be. */
const START_NS = 1_700_000_000_000_000_000n;

const SERVER_URL = "https://10.96.0.1:443";

/** Makes the surroundings of each release that runs in a cluster, once. */
export class ReleaseRegistry {
  readonly #known = new Map<Behaviours, ReleaseSurroundings>();
  #firstStore: KubernetesStore | undefined;
  /** Wall clock at the start of the simulation. */
  #startNs = START_NS;

  constructor(
    private readonly options: ReleaseSurroundingsOptions,
    private readonly calls: CallWitness,
    private readonly lookUpPod: (podKey: string) => PodLookup,
  ) {}

  of(behaviours: Behaviours): ReleaseSurroundings {
    let known = this.#known.get(behaviours);
    if (known === undefined) {
      known = this.#make(behaviours);
      this.#known.set(behaviours, known);
    }
    return known;
  }

  /** The clock goes on from what the blocks that a run begins with tell of it. */
  takeOverClock(): void {
    this.#startNs = latestClockNs(this.options.datastore, this.#startNs);
  }

  get clusterLockQueuePeak(): number {
    const peaks = [...this.#known.values()].map(({ clusterLock }) => clusterLock?.queuePeak ?? 0);
    return Math.max(0, ...peaks);
  }

  #make(behaviours: Behaviours): ReleaseSurroundings {
    const { kernel, server, random, clientLimit } = this.options;
    const clusterLock = behaviours.coarseAllocationLock ? new ClusterLock() : null;
    const mapOrder = random.stream("map-order");
    return {
      behaviours,
      clusterLock,
      clientLimit,
      ipam: new Ipam({
        release: behaviours,
        machineName: "ipamlab",
        nowNs: () => this.#startNs + BigInt(kernel.nowUs) * 1000n,
        mapOrder: (items) => shuffled(items, mapOrder),
        poolViews: new PoolViews(behaviours),
      }),
      processes: {
        kernel,
        server,
        store: this.#store(behaviours),
        serverUrl: SERVER_URL,
        affinityLookup: behaviours.kubernetesAffinityLookup,
        sharedLock: clusterLock,
        calls: this.calls,
        lookUpPod: this.lookUpPod,
      },
    };
  }

  #store(behaviours: Behaviours) {
    const { datastore, mode } = this.options;
    if (mode === "etcd") return new EtcdStore(datastore);
    const dialect = {
      existsShowsInner: behaviours.existsErrorShowsInner,
      affinityKeyShowsType: behaviours.affinityTypes,
    };
    const affinityLookup = behaviours.kubernetesAffinityLookup;
    const store = new KubernetesStore(datastore, { dialect, affinityLookup }, this.#firstStore);
    this.#firstStore ??= store;
    return store;
  }
}
