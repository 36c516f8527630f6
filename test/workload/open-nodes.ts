import type { NodeView, Placement } from "../../src/workload/placement.js";

/** Nodes that take any number of pods, counted by the test that uses them. */
export class OpenNodes implements NodeView {
  readonly pods: number[];
  readonly closed = new Set<number>();

  constructor(readonly count: number) {
    this.pods = new Array<number>(count).fill(0);
  }

  podCount(node: number): number {
    return this.pods[node]!;
  }

  isOpen(node: number): boolean {
    return !this.closed.has(node);
  }

  /** Makes all nodes candidates. */
  joinAll(placement: Placement): void {
    for (let node = 0; node < this.count; node++) placement.join(node);
  }

  /** Adds (or, with -1, takes away) a pod of a node. */
  change(placement: Placement, node: number, by: 1 | -1 = 1): void {
    this.pods[node]! += by;
    placement.changed(node);
  }
}
