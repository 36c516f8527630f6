import { MemoryDatastore, type MemoryDialect } from "../datastore/memory.js";
import { ApiServer, byKindOfWork } from "../datastore/simulated/api-server.js";
import type { ProcessSurroundings } from "../datastore/simulated/client-process.js";
import { Constant } from "../datastore/simulated/latency.js";
import { KubernetesStore } from "../datastore/simulated/timed-store.js";
import { ascendingMapOrder } from "../protocol/environment.js";
import { Ipam } from "../protocol/ipam.js";
import { PoolViews } from "../protocol/pool-views.js";
import type { Behaviours } from "../releases/behaviours.js";
import { Kernel } from "../simulation/kernel.js";

/** Where the recordings' API server was, as their error texts show it. */
const RECORDED_SERVER = "http://apiserver";

/**
 * A small cluster in simulated time for replaying a recording: the Kubernetes datastore behind a
 * server that answers every read after the same time, and every write.
 */
export class TimedWorld {
  readonly kernel = new Kernel();
  readonly datastore: MemoryDatastore;
  readonly server: ApiServer;
  readonly surroundings: ProcessSurroundings;
  readonly ipam: Ipam;

  constructor(
    readonly release: Behaviours,
    readUs: number,
    writeUs = readUs,
  ) {
    const dialect: MemoryDialect = {
      existsShowsInner: release.existsErrorShowsInner,
      affinityKeyShowsType: release.affinityTypes,
    };
    this.datastore = new MemoryDatastore(dialect);
    const times = byKindOfWork(new Constant(readUs), new Constant(writeUs));
    this.server = new ApiServer(times, () => 0);
    const affinityLookup = release.kubernetesAffinityLookup;
    this.surroundings = {
      kernel: this.kernel,
      server: this.server,
      store: new KubernetesStore(this.datastore, { dialect, affinityLookup }),
      serverUrl: RECORDED_SERVER,
      affinityLookup,
      sharedLock: null,
      calls: null,
      lookUpPod: () => "notFound",
    };
    this.ipam = new Ipam({
      release,
      machineName: "recorder",
      nowNs: () => BigInt(this.kernel.nowUs) * 1000n,
      mapOrder: ascendingMapOrder,
      poolViews: new PoolViews(release),
    });
  }
}
