/** Addresses that the collector has released, by node and pool; the counts go with either. */
export class ReclaimedCounts {
  readonly #counts = new Map<string, Map<string, number>>();

  /** Counts one; a block that was deleted in the meantime has no pool to count for. */
  add(node: string, pool: string): void {
    if (pool === "") return;
    const pools = this.#counts.get(node) ?? new Map<string, number>();
    this.#counts.set(node, pools.set(pool, (pools.get(pool) ?? 0) + 1));
  }

  /** Counts of one node, by pool. */
  on(node: string): ReadonlyMap<string, number> {
    return this.#counts.get(node) ?? new Map();
  }

  /** Every count. */
  *entries(): IterableIterator<{ node: string; pool: string; count: number }> {
    for (const [node, pools] of this.#counts) {
      for (const [pool, count] of pools) yield { node, pool, count };
    }
  }

  forgetNode(node: string): void {
    this.#counts.delete(node);
  }

  forgetPool(pool: string): void {
    for (const pools of this.#counts.values()) pools.delete(pool);
  }
}
