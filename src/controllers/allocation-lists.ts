import { Allocation } from "./allocation.js";

const NONE: readonly Allocation[] = [];

/** Allocations by a text. Nearly every text has one, which needs no list. */
export class AllocationLists {
  readonly #held = new Map<string, Allocation | Allocation[]>();

  get size(): number {
    return this.#held.size;
  }

  get(key: string): readonly Allocation[] {
    const held = this.#held.get(key);
    if (held === undefined) return NONE;
    return held instanceof Allocation ? [held] : held;
  }

  /** Adds one; it takes the place of a former one of the same id. */
  add(key: string, allocation: Allocation): void {
    const held = this.#held.get(key);
    if (held === undefined) {
      this.#held.set(key, allocation);
      return;
    }
    const list = held instanceof Allocation ? [held] : held;
    const former = list.findIndex((known) => known.id === allocation.id);
    if (former === -1) list.push(allocation);
    else list[former] = allocation;
    this.#held.set(key, list);
  }

  remove(key: string, allocation: Allocation): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    if (held instanceof Allocation) {
      if (held === allocation || held.id === allocation.id) this.#held.delete(key);
      return;
    }
    const index = held.findIndex((known) => known.id === allocation.id);
    if (index !== -1) held.splice(index, 1);
    if (held.length === 0) this.#held.delete(key);
  }
}
