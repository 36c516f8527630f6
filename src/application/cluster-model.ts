import { clusterSection, type MeasuredCollection } from "../analysis/cluster-section.js";
import { ASSUMED_SCAN_COST } from "../controllers/collector-process.js";
import { GarbageCollection } from "../controllers/garbage-collection.js";
import { findProfile } from "../releases/profiles.js";
import type { CallRecord } from "../datastore/call-record.js";
import { MemoryDatastore } from "../datastore/memory.js";
import { ASSUMED_OBJECT_BYTES } from "../datastore/simulated/object-bytes.js";
import { latencyText } from "../formats/scenario/latency.js";
import type { GcSettings, NodeSection, Scenario } from "../formats/scenario/scenario.js";
import { isDefaultConfig } from "../model/ipam-config.js";
import { NodeNetwork } from "../node/node-network.js";
import { unsettledAffinities } from "../node/unsettled.js";
import { RUNTIME_LIMITS, type NodeSettings } from "../node/node-settings.js";
import type { PodWitness } from "../node/pod-witness.js";
import type { Behaviours } from "../releases/behaviours.js";
import type { Kernel } from "../simulation/kernel.js";
import type { RandomStreams } from "../simulation/random-streams.js";
import type { PodNetworkEvents, PodRef } from "../workload/pod-network.js";
import { createServer, disturb, endFaults, type Faults } from "./disturbed-server.js";
import type { Unsettled } from "./liveness.js";
import type { ModelRun } from "./model-run.js";

const PROVENANCE =
  "simulated: every decision of Calico's allocator and CNI plugin and every request to the datastore, " +
  "in simulated time; the times rest on the assumptions listed, not on measurements of a cluster";

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

/** What a million bytes of a list are made of. */
function bytesText(): string {
  const sizes = Object.entries(ASSUMED_OBJECT_BYTES).map(([name, bytes]) => `${name} ${bytes}`);
  return `bytes of an object, a mean whatever it holds: ${sizes.join(", ")}`;
}

/** The inputs that simulated times rest on, in words. */
function assumptionsOf({ datastore, node, gc }: Scenario): string[] {
  const { reads, writes, requests, maxInFlight, disturbances } = datastore;
  const { perListedObject, perListedMegabyte } = datastore;
  const disturbed = disturbances.length;
  return [
    `${datastore.mode} datastore: reads ${latencyText(reads)}, writes ${latencyText(writes)}, ` +
      `${perListedObject} us more for each object listed` +
      (perListedMegabyte === undefined
        ? ""
        : ` and ${perListedMegabyte / 1000} ms for each million bytes listed (${bytesText()})`) +
      requests.map(({ request, takes }) => `, ${request} ${latencyText(takes)}`).join("") +
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
  faults: Faults,
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
  if (gc.enabled) kernel.schedule(0, { wake: () => collection.start() });
  for (const { from, duration } of gc.outages) {
    kernel.schedule(from, { wake: () => !faults.isOver && collection.stop() });
    kernel.schedule(from + duration, { wake: () => collection.start() });
  }
  return collection;
}

/** What keeps the cluster from rest. What only a collector could end counts only when there is one. */
function unsettled(network: NodeNetwork, collection: GarbageCollection | undefined): Unsettled {
  const { pending, beingDeleted, ofGoneNodes } = unsettledAffinities(network.datastore);
  return {
    "pods without network": network.podsWithoutNetwork,
    "pending affinities": pending,
    "affinities being deleted": beingDeleted,
    ...(collection === undefined
      ? {}
      : {
          "blocks of nodes that are gone": ofGoneNodes,
          "leaked addresses": network.leakedNow().addresses,
          "candidates of the collector": collection.candidateCount,
        }),
  };
}

function createDatastore(
  { pools, reservations, ipamConfig }: Scenario,
  release: Behaviours,
): MemoryDatastore {
  const datastore = new MemoryDatastore({
    existsShowsInner: release.existsErrorShowsInner,
    affinityKeyShowsType: release.affinityTypes,
  });
  for (const pool of pools) datastore.setPool(pool);
  for (const reservation of reservations) datastore.setReservation(reservation);
  if (!isDefaultConfig(ipamConfig)) datastore.setConfig(ipamConfig);
  return datastore;
}

/** Whether garbage is collected at any time. */
export function hasCollector({ gc, changes }: Scenario): boolean {
  return gc.enabled || changes.some(({ change }) => change === "start-gc");
}

function replaceCollector(
  network: NodeNetwork,
  collection: GarbageCollection | undefined,
  release: Behaviours,
): void {
  const { ipam, processes } = network.surroundingsOf(release);
  collection?.replace({ ipam, surroundings: processes });
}

/** The run of a scenario with kubelets, plugin, locks and a datastore that takes time. */
export function createClusterModel(
  scenario: Scenario,
  release: Behaviours,
  { kernel, random }: { readonly kernel: Kernel; readonly random: RandomStreams },
  record: CallRecord | undefined,
  witnessOf?: (pod: PodRef) => PodWitness | null,
): ModelRun {
  const datastore = createDatastore(scenario, release);
  const faults: Faults = { isOver: false };
  const server = createServer(scenario.datastore, kernel, random.stream("datastore"), faults);
  const has = (version: 4 | 6) => scenario.pools.some(({ cidr }) => cidr.version === version);
  const assumptions = assumptionsOf(scenario);
  let run: NodeNetwork | undefined;
  let collected: MeasuredCollection | null = null;
  const network = () => run!;
  const replace = (to: Behaviours) => replaceCollector(network(), collected?.collection, to);
  return {
    setRelease: (node, behaviours) => network().install(node, behaviours),
    setReleaseOfNewNodes(behaviours) {
      network().releaseOfNewNodes = behaviours;
    },
    setControllersRelease: hasCollector(scenario) ? replace : undefined,
    setDatastore: (slowdown) => disturb(server, faults, slowdown),
    setCollecting(isOn) {
      if (isOn) collected?.collection.start();
      else if (!faults.isOver) collected?.collection.stop();
    },
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
          record,
          witnessOf,
        },
        events,
      );
      if (hasCollector(scenario)) {
        const profile = findProfile(scenario.gc.release ?? "");
        const behaviours = profile?.behaviours ?? release;
        const collection = startCollection(scenario, behaviours, run, random, faults);
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
    rest: {
      calm() {
        endFaults(server, faults);
        collected?.collection.start();
      },
      unsettled: () => unsettled(network(), collected?.collection),
    },
    countNow() {
      network().countLeaks();
      collected?.collection.count();
    },
    section: (liveness) => clusterSection(network(), server, assumptions, collected, liveness),
  };
}
