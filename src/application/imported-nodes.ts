import { countText } from "../analysis/churn-estimate.js";
import { hostsOf } from "../cluster-state/dumped-hosts.js";
import type { ClusterDump } from "../formats/cluster/cluster-dump.js";
import type { Remark } from "../formats/scenario/annotated-yaml.js";
import type { ImportedPart } from "./imported-part.js";

export interface ImportedNodes {
  readonly maxPods: number;
  readonly list: readonly { name: string; labels?: Record<string, string> }[];
}

/** What the kubelet allows where the dump does not tell it. */
const MAX_PODS_ASSUMED = 110;

/** Labels that workloads and failures go by. */
const KEPT_LABELS = [
  "topology.kubernetes.io/zone",
  "kubernetes.io/os",
  "node-role.kubernetes.io/control-plane",
  "node-role.kubernetes.io/master",
];

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

/** The value that occurs most often, the smallest of them. */
function mostFrequent(numbers: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || a - b)[0]?.[0];
}

/** Most pods of a node that take addresses, and how that is known. */
function importedMaxPods({ nodes, pods }: ClusterDump): { maxPods: number; text: string } {
  const told = nodes.flatMap(({ maxPods }) => maxPods ?? []);
  const onHost = new Map(nodes.map(({ name }) => [name, 0]));
  for (const { hostNetwork, isFinished, nodeName } of pods) {
    const count = onHost.get(nodeName);
    if (hostNetwork && !isFinished && count !== undefined) onHost.set(nodeName, count + 1);
  }
  const withoutAddress = median([...onHost.values()]);
  const allowed = mostFrequent(told.filter((count) => count > 0));
  const maxPods = Math.max(1, (allowed ?? MAX_PODS_ASSUMED) - withoutAddress);
  const differing = new Set(told).size > 1 ? " (most nodes; others differ)" : "";
  const limit =
    allowed === undefined
      ? `assumed: ${MAX_PODS_ASSUMED}, for the dump does not tell it`
      : `the nodes allow ${allowed}${differing}`;
  const less =
    withoutAddress === 0 ? "" : `, less ${countText(withoutAddress, "pod")} of the host's network`;
  return { maxPods, text: limit + less };
}

/** The nodes of a dump, with the labels that matter to a scenario. */
export function importedNodes(dump: ClusterDump): ImportedPart<ImportedNodes> {
  const { maxPods, text } = importedMaxPods(dump);
  const remarks: Remark[] = [{ path: ["nodes", "maxPods"], text }];
  const selectors = dump.pools.map(({ value }) => value.nodeSelector).join(" ");
  const isKept = (label: string) => KEPT_LABELS.includes(label) || selectors.includes(label);
  if (dump.nodes.length === 0) {
    const hosts = hostsOf(dump);
    const why = "The dump has no nodes: these hold blocks or pods.";
    remarks.push({ path: ["nodes", "list"], text: why });
    return { content: { maxPods, list: hosts.map((name) => ({ name })) }, remarks };
  }
  const list = dump.nodes.map(({ name, labels }) => {
    const kept = Object.entries(labels).filter(([label]) => isKept(label));
    return kept.length === 0 ? { name } : { name, labels: Object.fromEntries(kept) };
  });
  return { content: { maxPods, list }, remarks };
}
