import { clusterSection, type MeasuredCollection } from "../analysis/cluster-section.js";
import { ASSUMED_SCAN_COST } from "../controllers/collector-process.js";
import { GarbageCollection } from "../controllers/garbage-collection.js";
import { findProfile } from "../releases/profiles.js";
import type { CallFingerprint } from "../datastore/call-fingerprint.js";
import { MemoryDatastore } from "../datastore/memory.js";
import {
  API_CODES,
  type ApiResource,
  type ApiVerb,
  apiCode,
  verbOfCode,
} from "../datastore/simulated/api-request.js";
import { ApiServer } from "../datastore/simulated/api-server.js";
import {
  Constant,
  type Distribution as Latency,
  Exponential,
  Lognormal,
  Uniform,
} from "../datastore/simulated/latency.js";
import { durationText, type Distribution } from "../formats/scenario/distribution.js";
import type {
  DatastoreSettings,
  GcSettings,
  NodeSection,
  Scenario,
} from "../formats/scenario/scenario.js";
import { isDefaultConfig } from "../model/ipam-config.js";
import { NodeNetwork } from "../node/node-network.js";
import { RUNTIME_LIMITS, type NodeSettings } from "../node/node-settings.js";
import type { PodWitness } from "../node/pod-witness.js";
import type { Behaviours } from "../releases/behaviours.js";
import type { Kernel } from "../simulation/kernel.js";
import type { RandomStreams } from "../simulation/random-streams.js";
import type { PodNetworkEvents, PodRef } from "../workload/pod-network.js";
import type { ModelRun } from "./model-run.js";

const PROVENANCE =
  "simulated: every decision of Calico's allocator and CNI plugin and every request to the datastore, " +
  "in simulated time; the times rest on the assumptions listed, not on measurements of a cluster";

function latencyOf(distribution: Distribution): Latency {
  switch (distribution.distribution) {
    case "constant":
      return new Constant(distribution.value);
    case "uniform":
      return new Uniform(distribution.min, distribution.max);
    case "exponential":
      return new Exponential(distribution.mean);
    case "lognormal":
      return new Lognormal(distribution.median, distribution.sigma);
  }
}

function codeOf(request: string): number {
  const [verb, resource] = request.split(" ") as [ApiVerb, ApiResource];
  return apiCode(verb, resource);
}

function createServer(settings: DatastoreSettings, random: () => number): ApiServer {
  const reads = latencyOf(settings.reads);
  const writes = latencyOf(settings.writes);
  const isRead = (code: number) => ["GET", "LIST"].includes(verbOfCode(code));
  const codes = Array.from({ length: API_CODES }, (_, code) => code);
  const byCode = codes.map((code) => (isRead(code) ? reads : writes));
  for (const { request, takes } of settings.requests) byCode[codeOf(request)] = latencyOf(takes);
  const perObjectUs = codes.map((code) =>
    verbOfCode(code) === "LIST" ? settings.perListedObject : 0,
  );
  return new ApiServer({ byCode, perObjectUs }, random, settings.maxInFlight ?? Infinity);
}

function scheduleDisturbances(kernel: Kernel, server: ApiServer, settings: DatastoreSettings) {
  for (const { from, duration, slowdown } of settings.disturbances) {
    const set = (isOn: boolean) => () => {
      if (slowdown === undefined) server.isDown = isOn;
      else server.slowdown = isOn ? slowdown : 1;
    };
    kernel.schedule(from, { wake: set(true) });
    kernel.schedule(from + duration, { wake: set(false) });
  }
}

function nodeSettings(section: NodeSection): NodeSettings {
  return {
    ...RUNTIME_LIMITS,
    windows: section.windows,
    processStartUs: section.processStart,
    networkSetupUs: section.networkSetup,
    lock: { order: section.lockOrder, wakeUpMaxUs: section.lockWakeUp },
    retryUs: section.retry,
  };
}

function gcAssumptions({ enabled, watchLatency, gracePeriod }: GcSettings): string[] {
  if (!enabled) return [];
  const { perSyncUs, perAllocationUs } = ASSUMED_SCAN_COST;
  return [
    `garbage collector: grace period ${gracePeriod / 1e6} s, a change reaches its watch after ` +
      `${watchLatency / 1000} ms, a sync takes ${perSyncUs} us and ${perAllocationUs} us for each ` +
      "address that it looks at, besides its requests",
  ];
}

/** The inputs that simulated times rest on, in words. */
function assumptionsOf({ datastore, node, gc }: Scenario): string[] {
  const { reads, writes, requests, perListedObject, maxInFlight, disturbances } = datastore;
  const disturbed = disturbances.length;
  return [
    `${datastore.mode} datastore: reads ${durationText(reads)}, writes ${durationText(writes)}, ` +
      `${perListedObject} us more for each object listed` +
      requests.map(({ request, takes }) => `, ${request} ${durationText(takes)}`).join("") +
      (maxInFlight === undefined ? "" : `, at most ${maxInFlight} requests in flight`) +
      (disturbed === 0 ? "" : `, ${disturbed} disturbance${disturbed === 1 ? "" : "s"}`),
    `each client ${datastore.clientQps} requests/s after a burst of ${datastore.clientBurst}`,
    `process start ${node.processStart / 1000} ms twice a command, interface set-up ` +
      `${node.networkSetup / 1000} ms, kubelet retries after ${node.retry / 1e6} s to ` +
      `${(node.retry * (1 + RUNTIME_LIMITS.retrySpread)) / 1e6} s`,
    ...gcAssumptions(gc),
    "not modelled: the kubelet's collection of dead sandboxes, other clients of the API server",
  ];
}

/** kube-controllers' garbage collection, with its outages. */
function startCollection(
  { gc }: Scenario,
  release: Behaviours,
  network: NodeNetwork,
  random: RandomStreams,
): GarbageCollection {
  const { kernel, datastore } = network;
  const { processes, ipam } = network.surroundingsOf(release);
  const lookUpPod = network.lookUpPod.bind(network);
  const collection = new GarbageCollection({
    surroundings: processes,
    ipam,
    datastore,
    cluster: {
      hasNode: (name) => datastore.hasNode(name),
      isMigratingFromFlannel: () => false,
      cachedPod: lookUpPod,
    },
    graceSeconds: gc.gracePeriod / 1e6,
    random: random.stream("garbage-collector"),
    watchLatencyUs: gc.watchLatency,
    scanCost: ASSUMED_SCAN_COST,
    onReleased: ({ handle }) => network.leakAges.noteReclaimed(handle, kernel.nowUs),
  });
  network.podWatch = collection;
  kernel.schedule(0, { wake: () => collection.start() });
  for (const { from, duration } of gc.outages) {
    kernel.schedule(from, { wake: () => collection.stop() });
    kernel.schedule(from + duration, { wake: () => collection.start() });
  }
  return collection;
}

/** The run of a scenario with kubelets, plugin, locks and a datastore that takes time. */
export function createClusterModel(
  scenario: Scenario,
  release: Behaviours,
  { kernel, random }: { readonly kernel: Kernel; readonly random: RandomStreams },
  fingerprint: CallFingerprint | undefined,
  witnessOf?: (pod: PodRef) => PodWitness | null,
): ModelRun {
  const dialect = {
    existsShowsInner: release.existsErrorShowsInner,
    affinityKeyShowsType: release.affinityTypes,
  };
  const datastore = new MemoryDatastore(dialect);
  for (const pool of scenario.pools) datastore.setPool(pool);
  for (const reservation of scenario.reservations) datastore.setReservation(reservation);
  if (!isDefaultConfig(scenario.ipamConfig)) datastore.setConfig(scenario.ipamConfig);
  const server = createServer(scenario.datastore, random.stream("datastore"));
  scheduleDisturbances(kernel, server, scenario.datastore);
  const has = (version: 4 | 6) => scenario.pools.some(({ cidr }) => cidr.version === version);
  const assumptions = assumptionsOf(scenario);
  let run: NodeNetwork | undefined;
  let collected: MeasuredCollection | null = null;
  const network = () => run!;
  const replaceCollector = (behaviours: Behaviours) => {
    const { ipam, processes } = network().surroundingsOf(behaviours);
    collected?.collection.replace({ ipam, surroundings: processes });
  };
  return {
    setRelease: (node, behaviours) => network().install(node, behaviours),
    setReleaseOfNewNodes(behaviours) {
      network().releaseOfNewNodes = behaviours;
    },
    setControllersRelease: scenario.gc.enabled ? replaceCollector : undefined,
    createNetwork(events: PodNetworkEvents) {
      run = new NodeNetwork(
        {
          kernel,
          datastore,
          server,
          random,
          release,
          mode: scenario.datastore.mode,
          clientLimit: { qps: scenario.datastore.clientQps, burst: scenario.datastore.clientBurst },
          node: nodeSettings(scenario.node),
          wants: { ipv4: has(4), ipv6: has(6) },
          fingerprint,
          witnessOf,
        },
        events,
      );
      if (scenario.gc.enabled) {
        const profile = findProfile(scenario.gc.release ?? "");
        const behaviours = profile?.behaviours ?? release;
        const collection = startCollection(scenario, behaviours, run, random);
        collected = { release: profile?.name ?? null, collection };
      }
      return run;
    },
    get figures() {
      return network();
    },
    get requests() {
      return server.requests;
    },
    datastore,
    provenance: PROVENANCE,
    check: () => network().check(),
    section() {
      network().countLeaks();
      collected?.collection.count();
      return clusterSection(network(), server, assumptions, collected);
    },
  };
}
