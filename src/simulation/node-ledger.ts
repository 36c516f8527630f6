import type { Node } from "../model/node.js";

/** The nodes of a run by index, those that have left included, and the pods on them. */
export class NodeLedger {
  readonly nodes: Node[] = [];
  readonly podsByNode: number[] = [];
  readonly podsByNodePeak: number[] = [];
  /** Nodes that asked for an address in vain at least once. */
  readonly needyNodes = new Set<number>();

  /** A node joins. Its index is one above that of the last one. */
  join(node: Node): void {
    this.nodes.push(node);
    this.podsByNode.push(0);
    this.podsByNodePeak.push(0);
  }

  podCame(nodeIndex: number): void {
    const pods = ++this.podsByNode[nodeIndex]!;
    if (pods > this.podsByNodePeak[nodeIndex]!) this.podsByNodePeak[nodeIndex] = pods;
  }

  podWent(nodeIndex: number): void {
    this.podsByNode[nodeIndex]!--;
  }

  nameOf(nodeIndex: number): string {
    return this.nodes[nodeIndex]!.name;
  }
}
