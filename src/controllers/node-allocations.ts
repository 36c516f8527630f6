import type { Allocation, AllocationHolder } from "./allocation.js";

function removeFrom(list: Allocation[], allocation: Allocation): void {
  const place = list.indexOf(allocation);
  if (place >= 0) list.splice(place, 1);
}

/**
 * What one node holds, as the collector knows it. Lists: a node has few addresses, and a set is made anew
 * every few changes.
 */
export class NodeAllocations implements AllocationHolder {
  readonly #all: Allocation[] = [];
  readonly #unsettled: Allocation[] = [];

  constructor(readonly node: string) {}

  get all(): readonly Allocation[] {
    return this.#all;
  }

  /** Those that the next check of the node must look at. */
  get unsettled(): readonly Allocation[] {
    return this.#unsettled;
  }

  /** A new one is unsettled. */
  add(allocation: Allocation): void {
    this.#all.push(allocation);
    this.#unsettled.push(allocation);
    allocation.holder = this;
    allocation.isSettled = false;
  }

  remove(allocation: Allocation): void {
    removeFrom(this.#all, allocation);
    if (!allocation.isSettled) removeFrom(this.#unsettled, allocation);
    allocation.holder = undefined;
  }

  settle(allocation: Allocation): void {
    if (allocation.isSettled) return;
    allocation.isSettled = true;
    removeFrom(this.#unsettled, allocation);
  }

  unsettle(allocation: Allocation): void {
    if (!allocation.isSettled) return;
    allocation.isSettled = false;
    this.#unsettled.push(allocation);
  }
}
