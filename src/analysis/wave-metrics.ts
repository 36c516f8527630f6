import type { WaveHealth } from "../formats/result/rollout-result.js";
import type { NamedMetric } from "../formats/scenario/threshold.js";
import type { LatencySummary } from "../metrics/latency-histogram.js";

/** A metric of a wave of a rollout, which its thresholds may name. */
export interface WaveMetric extends NamedMetric {
  readonly describe: string;
  /** Null when the wave has nothing to measure it by. */
  read(health: WaveHealth): number | LatencySummary | null;
}

const ALL = ["allocator", "cluster"];
const CLUSTER = ["cluster"];

function metric(
  name: string,
  unit: "ratio" | "count",
  models: readonly string[],
  describe: string,
  read: (health: WaveHealth) => number | null,
): WaveMetric {
  return { name, kind: "value", unit, models, describe, read };
}

/** What is measured in each wave, in the order in which help lists it. */
export const WAVE_METRICS: readonly WaveMetric[] = [
  metric(
    "success_rate",
    "ratio",
    ALL,
    "assignments of the wave that gave all addresses",
    (h) => h.allocations.successRatio,
  ),
  metric(
    "operation_success_rate",
    "ratio",
    ALL,
    "assignments and releases of the wave that succeeded",
    (h) => h.operationSuccessRatio,
  ),
  metric(
    "failed_allocations",
    "count",
    ALL,
    "assignments of the wave that gave too few addresses",
    (h) => h.allocations.failed,
  ),
  {
    name: "pod_network_ready",
    kind: "distribution",
    unit: "us",
    models: CLUSTER,
    describe: "time until a pod's network was ready, of pods that became ready in the wave",
    read: (h) => h.readyUs,
  },
  metric(
    "leaked_addresses",
    "count",
    ALL,
    "addresses that no pod holds, at the end of the wave",
    (h) => h.leakedAddresses,
  ),
  metric(
    "new_leaked_addresses",
    "count",
    ALL,
    "by how many those have become more in the wave",
    (h) => h.newLeakedAddresses,
  ),
  metric("failed_dels", "count", CLUSTER, "DELs of the wave that failed", (h) => h.releases.failed),
  metric(
    "pods_without_network",
    "count",
    CLUSTER,
    "pods on nodes that hold no address, at the end of the wave",
    (h) => h.podsWithoutNetwork,
  ),
];
