import type { ClusterSection } from "../formats/result/cluster-section.js";
import type { LatencySummary } from "../metrics/latency-histogram.js";
import {
  formatCount,
  formatDurationUs,
  formatPercent,
  formatSignificant,
} from "./format-number.js";
import { printableText } from "./printable-text.js";

const EVENTS_MAX = 4;

function latency(label: string, summary: LatencySummary | null): string[] {
  if (summary === null) return [];
  const { p50, p90, p99, max } = summary;
  const [middle, high, higher, highest] = [p50, p90, p99, max].map(formatDurationUs);
  return [`${label.padEnd(16)}p50 ${middle}, p90 ${high}, p99 ${higher}, max ${highest}`];
}

function gcLines({ gc, nodeStarts, leaks }: ClusterSection): string[] {
  const lines: string[] = [];
  if (nodeStarts.succeeded + nodeStarts.failed > 0) {
    lines.push(
      `node starts     ${formatCount(nodeStarts.succeeded)} succeeded, ` +
        `${formatCount(nodeStarts.failed)} failed`,
    );
  }
  const peak = Math.max(0, ...leaks.addresses.map((point) => point.peak));
  const leaked = `leaks           at most ${formatCount(peak)} addresses at a time`;
  if (gc === null) return [...lines, `${leaked}; no garbage collection`];
  const { syncs, candidates, reclaimed, starts } = gc;
  return [
    ...lines,
    leaked,
    `collector       ${gc.release === null ? "" : `${gc.release}, `}${formatCount(syncs.event + syncs.timer)} syncs, ` +
      `${formatCount(reclaimed)} addresses reclaimed, at most ${formatCount(candidates.peak)} ` +
      `candidates${starts > 1 ? `, ${formatCount(starts - 1)} restarts` : ""}`,
    ...latency("  lag", gc.lagUs),
  ];
}

/** What the cluster model tells besides what the allocator does, in lines. */
export function clusterLines(cluster: ClusterSection): string[] {
  const { adds, dels, lock, requests, attemptsPerPod, events } = cluster;
  const perAdd = requests.perAdd;
  const ratio = adds.successRatio === null ? "n/a" : formatPercent(adds.successRatio, 3);
  const attempts =
    attemptsPerPod === null ? 0 : attemptsPerPod.sum / Math.max(1, attemptsPerPod.count);
  const rest = events.length - EVENTS_MAX;
  return [
    `CNI ADD         ${formatCount(adds.started)} started, ${ratio} succeeded, ` +
      `${formatCount(adds.failed)} failed (${formatCount(adds.killed)} killed), ` +
      `${formatSignificant(attempts)} a pod`,
    `CNI DEL         ${formatCount(dels.succeeded)} succeeded, ${formatCount(dels.failed)} failed`,
    ...latency("network ready", cluster.readyUs),
    ...latency("  ADD", cluster.addUs.succeeded),
    ...latency("  failed ADD", cluster.addUs.failed),
    ...latency("  lock wait", cluster.phasesUs.lockWait),
    ...latency("  limiter wait", cluster.phasesUs.limiterWait),
    ...latency("  datastore", cluster.phasesUs.datastore),
    `host lock       at most ${formatCount(lock.queuePeak)} waiting on one node` +
      (lock.clusterQueuePeak > 0
        ? `, ${formatCount(lock.clusterQueuePeak)} for the lock of the whole cluster`
        : ""),
    `API requests    ${formatCount(requests.total)}` +
      (perAdd === null ? "" : `, ${formatSignificant(perAdd.sum / perAdd.count)} an ADD`) +
      `, ${formatCount(cluster.conflicts)} conflicts, at most ${formatCount(requests.inFlightPeak)} in flight`,
    `without network ${formatCount(cluster.podsWithoutNetwork.final)} pods at the end`,
    ...gcLines(cluster),
    ...(events.length === 0 ? [] : ["events"]),
    ...events
      .slice(0, EVENTS_MAX)
      .map(({ text, count }) => `  ${formatCount(count)} × ${printableText(text)}`),
    ...(rest > 0 ? [`  … and ${formatCount(rest)} other texts (--json)`] : []),
  ];
}
