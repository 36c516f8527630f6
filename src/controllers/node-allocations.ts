import type { Allocation } from "./allocation.js";

/** What one node holds, as the collector knows it. */
export class NodeAllocations {
  readonly all = new Set<Allocation>();
  /** Those that the next check of the node must look at. */
  readonly unsettled = new Set<Allocation>();

  constructor(readonly node: string) {}

  add(allocation: Allocation): void {
    this.all.add(allocation);
    this.unsettled.add(allocation);
    allocation.holder = this;
  }

  remove(allocation: Allocation): void {
    this.all.delete(allocation);
    this.unsettled.delete(allocation);
    allocation.holder = undefined;
  }
}
