import { type ChurnEstimate, countText, estimateChurn } from "../analysis/churn-estimate.js";
import type { ClusterDump } from "../formats/cluster/cluster-dump.js";
import type { PodRecord } from "../formats/cluster/pod-events.js";
import { annotatedYaml, type Remark } from "../formats/scenario/annotated-yaml.js";
import { DEFAULT_RELEASE, findProfile } from "../releases/profiles.js";
import { importedNodes } from "./imported-nodes.js";
import { importedPools } from "./imported-pools.js";
import { exactDuration, importedWorkload } from "./imported-workload.js";
import { podLives } from "./pod-lives.js";

/** Fewer pods at a time are no burst worth telling. */
const BURST_PODS_MIN = 10;

export interface ImportOptions {
  readonly name: string;
  /** Path of the state, from the scenario's folder. */
  readonly state: string;
  /** Release to run with; that of the dump when undefined. */
  readonly release: string | undefined;
  /** How long the scenario runs. */
  readonly durationSeconds: number;
  /** When the dump was made, milliseconds since 1970; its latest time when undefined. */
  readonly takenMs: number | undefined;
  /** What happened to pods before; undefined: all that is known is the dump. */
  readonly record?: PodRecord | undefined;
}

export interface ImportedScenario {
  readonly yaml: string;
  /** When the dump was made, as far as is known. */
  readonly takenMs: number;
  readonly estimate: ChurnEstimate;
  /** What of the cluster is not in the scenario. */
  readonly leftOut: readonly string[];
}

/** The latest time that a dump tells: it cannot be older. Undefined when it tells none. */
function latestMs({ pods, nodes }: ClusterDump): number | undefined {
  let latest = -Infinity;
  for (const { createdMs, finishedMs } of pods) {
    latest = Math.max(latest, createdMs ?? -Infinity, finishedMs ?? -Infinity);
  }
  for (const { seenMs } of nodes) latest = Math.max(latest, seenMs ?? -Infinity);
  return latest === -Infinity ? undefined : latest;
}

function importedRelease(
  { clusterInformation }: ClusterDump,
  wanted: string | undefined,
): { name: string; remark: string | undefined } {
  if (wanted !== undefined) return { name: wanted, remark: undefined };
  const told = clusterInformation?.calicoVersion ?? "";
  const known = findProfile(told);
  if (known !== undefined) return { name: known.name, remark: "as the ClusterInformation says" };
  const why = told === "" ? "the dump does not tell it" : `the cluster's ${told} is not known`;
  return { name: DEFAULT_RELEASE, remark: `assumed: ${why}` };
}

function leftOutOf(dump: ClusterDump): string[] {
  const alternates = dump.blocks.reduce((sum, block) => sum + block.alternateOwners.size, 0);
  return alternates === 0 ? [] : [`${alternates} second owners of addresses (live migration)`];
}

/**
 * A scenario that starts in the state of a dump and goes on as the cluster seems to: pools,
 * configuration, reservations and nodes are the dump's, rates and lifetimes are estimates, and marked
 * as such in the file.
 */
export function importScenario(dump: ClusterDump, options: ImportOptions): ImportedScenario {
  const { durationSeconds, record } = options;
  const takenMs = options.takenMs ?? Math.max(latestMs(dump) ?? 0, record?.toMs ?? 0);
  const { lives, watched } = podLives(dump, record);
  const estimate = estimateChurn(lives, takenMs, watched);
  const release = importedRelease(dump, options.release);
  const pools = importedPools(dump);
  const nodes = importedNodes(dump);
  const workload = importedWorkload(estimate, { durationSeconds, nodes: nodes.content.list });
  const { strictAffinity, autoAllocateBlocks, maxBlocksPerHost } = dump.config?.value ?? {
    strictAffinity: false,
    autoAllocateBlocks: true,
    maxBlocksPerHost: 0,
  };
  const content = {
    ipamlab: 1,
    name: options.name,
    description: "A real cluster, from its dump.",
    release: release.name,
    ...pools.content,
    ipamConfig: { strictAffinity, autoAllocateBlocks, maxBlocksPerHost },
    nodes: nodes.content,
    initialState: { dump: options.state, pods: workload.content.pods },
    workload: workload.content.workload,
    simulation: { duration: exactDuration(durationSeconds) },
    thresholds: ["success_rate == 100%", "not_started == 0"],
  };
  const remarks: Remark[] = [
    ...(release.remark === undefined ? [] : [{ path: ["release"], text: release.remark }]),
    ...(dump.config === undefined
      ? [{ path: ["ipamConfig"], text: "The dump has no IPAMConfig; these are Calico's defaults." }]
      : []),
    ...pools.remarks,
    ...nodes.remarks,
    ...workload.remarks,
    { path: ["thresholds"], text: "assumed: what a run is judged by; put your own here." },
  ];
  const leftOut = [...leftOutOf(dump), ...pools.leftOut];
  return {
    yaml: annotatedYaml(content, headOf(dump, takenMs, leftOut, estimate), remarks),
    takenMs,
    estimate,
    leftOut,
  };
}

function headOf(
  dump: ClusterDump,
  takenMs: number,
  leftOut: readonly string[],
  { unknown, largestBurst }: ChurnEstimate,
): string {
  const counts = [
    countText(dump.blocks.length, "block"),
    countText(dump.handles.length, "handle"),
    countText(dump.nodes.length, "node"),
    countText(dump.pods.length, "pod"),
  ].join(", ");
  const taken = takenMs === 0 ? "at an unknown time" : `of ${new Date(takenMs).toISOString()}`;
  return [
    `Made by ipamlab import from a dump ${taken}: ${counts}.`,
    "The state is exact. What is marked as estimated or assumed is not: change what you know better.",
    "Pods come independently of each other here; rollouts and failures come on top. Add executors",
    "such as deployment-rollout, burst or zone-loss for those.",
    ...(largestBurst === undefined || largestBurst.pods < BURST_PODS_MIN
      ? []
      : [
          `Of the pods that are listed, ${largestBurst.pods} came within ` +
            `${largestBurst.withinSeconds} s from ${new Date(largestBurst.startMs).toISOString()} on.`,
        ]),
    ...leftOut.map((what) => `Left out: ${what}.`),
    ...unknown.map((what) => `Not estimated: ${what}.`),
  ].join("\n");
}
