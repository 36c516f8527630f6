/**
 * How much work of plugin processes does the simulated datastore do a second? ADDs and DELs of 1,000 nodes
 * through host locks, client limits and the API server, without kubelets and collectors around them.
 *
 *     npm run bench:plugins [-- v3.32.1]
 */
import { MemoryDatastore } from "../src/datastore/memory.js";
import { ApiServer, byKindOfWork } from "../src/datastore/simulated/api-server.js";
import {
  ClientProcess,
  type ProcessOwner,
  type ProcessSurroundings,
} from "../src/datastore/simulated/client-process.js";
import { Lognormal } from "../src/datastore/simulated/latency.js";
import { KubernetesStore } from "../src/datastore/simulated/timed-store.js";
import { DEFAULT_RATE_LIMIT } from "../src/datastore/simulated/token-bucket.js";
import { Cidr } from "../src/model/cidr.js";
import { makePool } from "../src/model/pool.js";
import {
  type CniAddResult,
  type CniDelResult,
  type CniRequest,
  ordinaryRequest,
} from "../src/node/cni-request.js";
import { HostLock } from "../src/node/host-lock.js";
import { IpamPlugin } from "../src/node/ipam-plugin.js";
import { ascendingMapOrder } from "../src/protocol/environment.js";
import { Ipam } from "../src/protocol/ipam.js";
import { PoolViews } from "../src/protocol/pool-views.js";
import { findProfile } from "../src/releases/profiles.js";
import { type Activity, Kernel } from "../src/simulation/kernel.js";
import { RandomStreams } from "../src/simulation/random-streams.js";

/** A cluster whose plugin processes run in simulated time: filled, then churned. */
interface PluginWorkload {
  readonly release: string;
  readonly nodes: number;
  readonly alive: number;
  /** Pods started each simulated second of the churn, and as many stopped. */
  readonly perSecond: number;
  readonly simulatedSeconds: number;
}

interface PluginOutcome {
  readonly elapsedMs: number;
  readonly cpuMs: number;
  /** Of the churn alone: ADDs and DELs, requests at the API server, wakes of the kernel. */
  readonly operations: number;
  readonly requests: number;
  readonly events: number;
  readonly failed: number;
  readonly handles: number;
}

type Result = CniAddResult | CniDelResult;

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Spread of the service times: one in a hundred takes 6.7 times the median or longer. */
const SIGMA = Math.log(20 / 3) / 2.3263;

/** The cluster with its processes; every tick starts one ADD, and one DEL once it is full. */
class Cluster implements Activity, ProcessOwner<Result> {
  readonly kernel = new Kernel();
  readonly datastore: MemoryDatastore;
  readonly server: ApiServer;
  failed = 0;
  ended = 0;
  stopsPods = false;
  tickUs = 0;
  ticksLeft = 0;
  readonly #surroundings: ProcessSurroundings;
  readonly #plugin: IpamPlugin;
  readonly #locks: HostLock[];
  readonly #nodes: string[];
  readonly #random: () => number;
  readonly #alive: CniRequest[] = [];
  #nextPod = 0;

  constructor({ release: name, nodes }: PluginWorkload) {
    const release = findProfile(name)!.behaviours;
    const dialect = {
      existsShowsInner: release.existsErrorShowsInner,
      affinityKeyShowsType: release.affinityTypes,
    };
    const streams = new RandomStreams("1");
    this.#random = streams.stream("churn");
    this.datastore = new MemoryDatastore(dialect);
    const times = byKindOfWork(new Lognormal(3_000, SIGMA), new Lognormal(6_000, SIGMA));
    this.server = new ApiServer(times, streams.stream("server"), 400);
    const affinityLookup = release.kubernetesAffinityLookup;
    this.#surroundings = {
      kernel: this.kernel,
      server: this.server,
      store: new KubernetesStore(this.datastore, { dialect, affinityLookup }),
      serverUrl: "https://10.96.0.1:443",
      affinityLookup,
      sharedLock: null,
      calls: null,
      lookUpPod: () => "notFound",
    };
    const ipam = new Ipam({
      release,
      machineName: "bench",
      nowNs: () => BigInt(this.kernel.nowUs) * 1000n,
      mapOrder: ascendingMapOrder,
      poolViews: new PoolViews(release),
    });
    this.#plugin = new IpamPlugin(release, ipam);
    this.#nodes = Array.from({ length: nodes }, (_, i) => `node-${i}`);
    this.#locks = this.#nodes.map(() => new HostLock(this.kernel, streams.stream("lock")));
    for (const node of this.#nodes) this.datastore.setNode({ name: node, labels: {} });
    this.datastore.setPool(makePool({ name: "pool", cidr: Cidr.of("10.0.0.0/12"), blockSize: 26 }));
  }

  run(perSecond: number, seconds: number): void {
    this.tickUs = 1_000_000 / perSecond;
    this.ticksLeft = perSecond * seconds;
    this.kernel.schedule(this.kernel.nowUs, this);
    this.kernel.run(Infinity);
  }

  wake(): void {
    this.#add();
    if (this.stopsPods) this.#remove();
    if (--this.ticksLeft > 0) this.kernel.schedule(this.kernel.nowUs + this.tickUs, this);
  }

  processEnded(_process: ClientProcess<Result>, result: Result): void {
    this.ended++;
    if (result.error !== null) this.failed++;
  }

  #start(): ClientProcess<Result> {
    return new ClientProcess<Result>(this.#surroundings, this, DEFAULT_RATE_LIMIT);
  }

  #add(): void {
    const number = this.#nextPod++;
    const place = Math.floor(this.#random() * this.#nodes.length);
    const request: CniRequest = ordinaryRequest({
      containerId: `container-${number}`,
      pod: `pod-${number}`,
      namespace: "default",
      node: this.#nodes[place]!,
    });
    this.#alive.push(request);
    const process = this.#start();
    process.start(this.#plugin.add(process, this.#lock(request), request));
  }

  /** Stops a pod that is not among the last ones, whose ADD may still run. */
  #remove(): void {
    const place = Math.floor(this.#random() * (this.#alive.length - 2000));
    const request = this.#alive[place]!;
    this.#alive[place] = this.#alive.at(-2000)!;
    this.#alive[this.#alive.length - 2000] = this.#alive.at(-1)!;
    this.#alive.pop();
    const process = this.#start();
    process.start(this.#plugin.del(process, this.#lock(request), request));
  }

  #lock(request: CniRequest): HostLock {
    return this.#locks[Number(request.node.slice(5))]!;
  }
}

/** Fills the cluster, then times its churn. */
function runPlugins(workload: PluginWorkload, nowMs: () => number): PluginOutcome {
  const cluster = new Cluster(workload);
  const { kernel, server, datastore } = cluster;
  cluster.run(1000, workload.alive / 1000);
  const before = { ended: cluster.ended, requests: sum(server.counts), events: kernel.woken };
  cluster.stopsPods = true;
  const startMs = nowMs();
  const startCpu = process.cpuUsage();
  cluster.run(workload.perSecond, workload.simulatedSeconds);
  return {
    elapsedMs: nowMs() - startMs,
    cpuMs: process.cpuUsage(startCpu).user / 1000,
    operations: cluster.ended - before.ended,
    requests: sum(server.counts) - before.requests,
    events: kernel.woken - before.events,
    failed: cluster.failed,
    handles: datastore.handleCount,
  };
}

const release = process.argv[2] ?? "v3.28.4";
const workload = { release, nodes: 1000, alive: 30_000, perSecond: 100, simulatedSeconds: 300 };
for (let round = 0; round < 3; round++) {
  const { elapsedMs, cpuMs, ...counts } = runPlugins(workload, () => performance.now());
  const rate = (count: number, ms: number) => Math.round((count / ms) * 1000);
  const { operations, requests, events } = counts;
  console.log(
    `${release}: ${rate(requests, elapsedMs)} requests/s of wall time; of processor time ` +
      `${rate(requests, cpuMs)} requests/s, ${rate(operations, cpuMs)} ADDs and DELs/s, ` +
      `${rate(events, cpuMs)} events/s; ${counts.failed} failed, ${counts.handles} handles`,
  );
}
