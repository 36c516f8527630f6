import type { Selector } from "../model/selector.js";

/** How many nodes a wave takes: a number, or a share of the nodes that are no edge nodes. */
export type WaveSize =
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "share"; readonly share: number };

export const WAVE_KINDS = ["control plane", "nodes", "edge"] as const;

/** A step of the rollout: what is replaced at once. */
export interface PlannedWave<Node> {
  readonly kind: (typeof WAVE_KINDS)[number];
  readonly name: string;
  /** None in the wave of the control plane. */
  readonly nodes: readonly Node[];
}

export interface WaveOptions {
  /** Of the waves before the last one, which takes the nodes that are left. */
  readonly sizes: readonly WaveSize[];
  /** Which nodes come last of all. */
  readonly edge: Selector;
  /** Whether kube-controllers runs. */
  readonly hasControllers: boolean;
}

/** The waves in order: control plane, nodes as they have joined, edge nodes. None is empty. */
export function planWaves<Node extends { readonly labels: Readonly<Record<string, string>> }>(
  nodes: readonly Node[],
  { sizes, edge, hasControllers }: WaveOptions,
): PlannedWave<Node>[] {
  const edgeNodes = nodes.filter(({ labels }) => edge.evaluate(labels));
  const ordinary = nodes.filter(({ labels }) => !edge.evaluate(labels));
  const groups: Node[][] = [];
  let taken = 0;
  for (const size of sizes) {
    const count = size.kind === "count" ? size.count : Math.ceil(size.share * ordinary.length);
    groups.push(ordinary.slice(taken, taken + count));
    taken += count;
  }
  groups.push(ordinary.slice(taken));
  const waves = groups
    .filter((group) => group.length > 0)
    .map((group, i) => ({ kind: "nodes" as const, name: `nodes ${i + 1}`, nodes: group }));
  return [
    ...(hasControllers
      ? [{ kind: "control plane" as const, name: "control plane", nodes: [] }]
      : []),
    ...waves,
    ...(edgeNodes.length > 0
      ? [{ kind: "edge" as const, name: "edge nodes", nodes: edgeNodes }]
      : []),
  ];
}
