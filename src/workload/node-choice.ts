import type { ClusterNode } from "./pod-network.js";
import type { WorkloadHost } from "./workload-host.js";

/** Which nodes an executor may take, and in which order. */
export interface NodeChoice {
  readonly accepts: (labels: Readonly<Record<string, string>>) => boolean;
  readonly pick: "first" | "random";
  /** Stream of draws in [0, 1), used by `random` alone. */
  readonly random: () => number;
}

/** The next node to take, of those whose machines are there; undefined when there is none. */
export function chooseNode(
  host: WorkloadHost,
  { accepts, pick, random }: NodeChoice,
  isTaken: (node: ClusterNode) => boolean = () => false,
): ClusterNode | undefined {
  const nodes: ClusterNode[] = [];
  for (const node of host.liveNodes()) {
    if (!accepts(node.labels) || isTaken(node)) continue;
    if (pick === "first") return node;
    nodes.push(node);
  }
  return nodes[Math.floor(random() * nodes.length)];
}
