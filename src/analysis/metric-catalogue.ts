import type { ClusterSection } from "../formats/result/cluster-section.js";
import type { SimulationResult } from "../formats/result/simulation-result.js";
import type { NamedMetric } from "../formats/scenario/threshold.js";
import type { ModelName } from "../formats/scenario/simulation-schema.js";
import type { LatencySummary } from "../metrics/latency-histogram.js";

/** Which way a metric is better; `neither` for what only describes. */
export type Better = "higher" | "lower" | "neither";

export type MetricUnit = "ratio" | "count" | "us" | "text";

interface MetricBase<Kind extends NamedMetric["kind"], Value> extends NamedMetric {
  readonly kind: Kind;
  readonly unit: MetricUnit;
  readonly better: Better;
  readonly models: readonly ModelName[];
  readonly describe: string;
  /** Null when the result has nothing to measure it by. */
  read(result: SimulationResult): Value | null;
}

/** One of the numbers, distributions and texts that a result tells. */
export type MetricDefinition =
  | MetricBase<"value", number>
  | MetricBase<"distribution", LatencySummary>
  | MetricBase<"text", readonly string[]>;

const ALL: readonly ModelName[] = ["allocator", "cluster"];
const CLUSTER: readonly ModelName[] = ["cluster"];

function value(
  name: string,
  unit: MetricUnit,
  better: Better,
  describe: string,
  read: (result: SimulationResult) => number | null,
): MetricDefinition {
  return { kind: "value", name, unit, better, models: ALL, describe, read };
}

function clusterValue(
  name: string,
  unit: MetricUnit,
  better: Better,
  describe: string,
  read: (cluster: ClusterSection) => number | null,
): MetricDefinition {
  return {
    kind: "value",
    name,
    unit,
    better,
    models: CLUSTER,
    describe,
    read: ({ cluster }) => (cluster === null ? null : read(cluster)),
  };
}

function clusterLatency(
  name: string,
  describe: string,
  read: (cluster: ClusterSection) => LatencySummary | null,
): MetricDefinition {
  return {
    kind: "distribution",
    name,
    unit: "us",
    better: "lower",
    models: CLUSTER,
    describe,
    read: ({ cluster }) => (cluster === null ? null : read(cluster)),
  };
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);

/** Every metric, in the order in which lists show them. Names are what thresholds say. */
export const METRICS: readonly MetricDefinition[] = [
  value(
    "success_rate",
    "ratio",
    "higher",
    "assignments that gave all addresses",
    ({ operations }) => operations.assignments.successRatio,
  ),
  value(
    "failed_allocations",
    "count",
    "lower",
    "assignments that gave too few addresses",
    ({ operations }) => operations.assignments.failed,
  ),
  value(
    "allocations",
    "count",
    "neither",
    "assignments asked for",
    ({ operations }) => operations.assignments.asked,
  ),
  {
    kind: "text",
    name: "failure_text",
    unit: "text",
    better: "neither",
    models: ALL,
    describe: "the operator's own error texts",
    read: ({ operations }) => operations.failures.map(({ reason }) => reason),
  },
  value("pods_wanted", "count", "neither", "pods that the schedule wanted", (r) => r.pods.wanted),
  value("pods_started", "count", "higher", "pods that got a node", (r) => r.pods.started),
  value(
    "not_started",
    "count",
    "lower",
    "pods that no node had room for",
    (r) => r.pods.notStarted,
  ),
  value(
    "waited_pods",
    "count",
    "lower",
    "pods that had to wait until a node had room",
    (r) => r.pods.waited,
  ),
  value("waiting_pods", "count", "lower", "pods that still wait at the end", (r) => r.pods.waiting),
  value("pods_ready", "count", "higher", "pods that got their network", (r) => r.pods.ready),
  value(
    "dropped_pods",
    "count",
    "neither",
    "pods that vanished without CNI DEL",
    (r) => r.pods.dropped,
  ),
  value(
    "addresses_peak",
    "count",
    "neither",
    "addresses in use at the peak",
    (r) => r.addresses.peak,
  ),
  value(
    "addresses_in_use",
    "count",
    "neither",
    "addresses in use at the end",
    (r) => r.addresses.final,
  ),
  value(
    "leaked_addresses",
    "count",
    "lower",
    "addresses at the end that no pod holds",
    (r) => r.leaks.addresses,
  ),
  value(
    "duplicate_addresses",
    "count",
    "lower",
    "times an address was given to a pod while another held it (from overlapping blocks at the start)",
    (r) => r.initialState?.duplicates ?? 0,
  ),
  value(
    "leaked_handles",
    "count",
    "lower",
    "handles at the end that count addresses which no block holds for them",
    (r) => r.leaks.handles,
  ),
  value(
    "borrowed_addresses",
    "count",
    "lower",
    "addresses taken from blocks of other nodes, in the whole run",
    (r) => r.borrowed.ever,
  ),
  value(
    "borrowed_peak",
    "count",
    "lower",
    "borrowed addresses at the peak",
    (r) => r.borrowed.peak,
  ),
  {
    kind: "distribution",
    name: "reuse_interval",
    unit: "us",
    better: "higher",
    models: ALL,
    describe: "time from an address's release to its next assignment",
    read: ({ addresses }) => addresses.reuseUs,
  },
  value(
    "routes",
    "count",
    "lower",
    "routes at the end: one a block, and a /32 for each borrowed address",
    (r) => r.blocks.final + r.borrowed.final,
  ),
  value("blocks_claimed", "count", "lower", "blocks at the end", (r) => r.blocks.final),
  value("blocks_peak", "count", "lower", "blocks at the peak", (r) => r.blocks.peak),
  value(
    "empty_blocks",
    "count",
    "lower",
    "blocks without an address in use",
    (r) => r.blocks.empty,
  ),
  value("full_blocks", "count", "neither", "blocks without a free address", (r) => r.blocks.full),
  value(
    "stranded_addresses",
    "count",
    "lower",
    "free addresses in blocks that no node in need may take",
    (r) => r.blocks.strandedAddresses,
  ),
  value(
    "needy_nodes",
    "count",
    "lower",
    "nodes that asked for an address in vain",
    (r) => r.nodes.needy,
  ),
  value(
    "nodes_without_block",
    "count",
    "lower",
    "nodes with pods at the end that own no block",
    (r) => r.nodes.withoutBlock,
  ),
  value(
    "blocks_per_node_max",
    "count",
    "neither",
    "most blocks of a node at the end",
    (r) => r.nodes.mostBlocks?.blocks ?? null,
  ),
  value(
    "pool_used",
    "ratio",
    "neither",
    "share of the pools' addresses in use at the end",
    ({ pools }) => sumOf(pools.map((p) => p.addressesInUse)) / sumOf(pools.map((p) => p.capacity)),
  ),
  value(
    "pool_claimed",
    "ratio",
    "lower",
    "share of the pools' blocks claimed at the end",
    ({ pools }) => sumOf(pools.map((p) => p.blocksClaimed)) / sumOf(pools.map((p) => p.blocks)),
  ),
  value(
    "datastore_calls",
    "count",
    "lower",
    "datastore calls in all",
    (r) => r.datastoreCalls.total,
  ),
  value(
    "calls_per_assignment",
    "count",
    "lower",
    "datastore calls of an assignment, mean",
    ({ datastoreCalls: { perAssignment: calls } }) =>
      calls === null ? null : calls.sum / calls.count,
  ),
  value(
    "calls_per_assignment_max",
    "count",
    "lower",
    "datastore calls of the dearest assignment",
    (r) => r.datastoreCalls.perAssignment?.max ?? null,
  ),
  clusterLatency(
    "pod_network_ready",
    "time from when the schedule wanted a pod until its network was ready",
    (c) => c.readyUs,
  ),
  clusterLatency("allocation_latency", "time of an ADD that succeeded", (c) => c.addUs.succeeded),
  clusterLatency("failed_add_latency", "time of an ADD that failed", (c) => c.addUs.failed),
  clusterLatency("release_latency", "time of a DEL", (c) => c.delUs),
  clusterLatency("lock_wait", "time an ADD waited for its node's lock", (c) => c.phasesUs.lockWait),
  clusterLatency("lock_held", "time a process held its node's lock", (c) => c.lock.heldUs),
  clusterLatency(
    "limiter_wait",
    "time an ADD waited for its own client's limit",
    (c) => c.phasesUs.limiterWait,
  ),
  clusterLatency("datastore_time", "time an ADD waited for answers", (c) => c.phasesUs.datastore),
  clusterValue(
    "killed_adds",
    "count",
    "lower",
    "ADDs that the runtime killed",
    (c) => c.adds.killed,
  ),
  clusterValue("failed_dels", "count", "lower", "DELs that failed", (c) => c.dels.failed),
  clusterValue(
    "attempts_per_pod",
    "count",
    "lower",
    "ADDs of a pod that got its network, mean",
    ({ attemptsPerPod: attempts }) => (attempts === null ? null : attempts.sum / attempts.count),
  ),
  clusterValue(
    "pods_without_network",
    "count",
    "lower",
    "pods on nodes at the end that hold no address",
    (c) => c.podsWithoutNetwork.final,
  ),
  clusterValue(
    "lock_queue_peak",
    "count",
    "lower",
    "most processes that waited for one node's lock",
    (c) => c.lock.queuePeak,
  ),
  clusterValue(
    "conflicts",
    "count",
    "lower",
    "writes that another client beat",
    (c) => c.conflicts,
  ),
  clusterValue("api_requests", "count", "lower", "requests to the server", (c) => c.requests.total),
  clusterValue(
    "api_requests_per_add",
    "count",
    "lower",
    "requests of an ADD, mean",
    ({ requests: { perAdd } }) => (perAdd === null ? null : perAdd.sum / perAdd.count),
  ),
  clusterLatency(
    "gc_lag",
    "time from when nobody was left to release an address until the collector did",
    ({ gc }) => gc?.lagUs ?? null,
  ),
  clusterLatency("gc_sync_time", "time of a collector's sync", ({ gc }) => gc?.syncUs ?? null),
  clusterValue(
    "reclaimed_addresses",
    "count",
    "neither",
    "addresses that the collector released",
    ({ gc }) => gc?.reclaimed ?? null,
  ),
  clusterValue(
    "gc_candidates_peak",
    "count",
    "lower",
    "most addresses that looked leaked to the collector",
    ({ gc }) => gc?.candidates.peak ?? null,
  ),
  clusterValue(
    "leaked_addresses_peak",
    "count",
    "lower",
    "most addresses that were leaked at a time",
    ({ leaks }) => Math.max(0, ...leaks.addresses.map(({ peak }) => peak)),
  ),
  clusterValue(
    "failed_node_starts",
    "count",
    "lower",
    "starts of calico-node that failed for want of a tunnel address or block",
    ({ nodeStarts }) => nodeStarts.failed,
  ),
  {
    kind: "text",
    name: "event_text",
    unit: "text",
    better: "neither",
    models: CLUSTER,
    describe: "what operators read in events, <sandbox> for the sandbox's id",
    read: ({ cluster }) => cluster?.events.map(({ text }) => text) ?? null,
  },
];

/** A metric of a result. */
export interface Metric {
  readonly name: string;
  readonly unit: MetricUnit;
  readonly better: Better;
  /** Null when nothing was measured, and for distributions and texts. */
  readonly value: number | null;
  readonly distribution?: LatencySummary | undefined;
  readonly texts?: readonly string[] | undefined;
}

/** Every metric that the result's model measures. */
export function metricsOf(result: SimulationResult): Metric[] {
  return METRICS.filter(({ models }) => models.includes(result.simulation.model)).map((metric) => {
    const { name, unit, better } = metric;
    const told = { name, unit, better };
    switch (metric.kind) {
      case "value":
        return { ...told, value: metric.read(result) };
      case "distribution":
        return { ...told, value: null, distribution: metric.read(result) ?? undefined };
      case "text":
        return { ...told, value: null, texts: metric.read(result) ?? undefined };
    }
  });
}
