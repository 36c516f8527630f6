import type { Cidr } from "../model/cidr.js";
import type { Pool } from "../model/pool.js";
import type { Environment } from "../protocol/environment.js";

/** What stands for the pool of a block that no pool covers. */
export const NO_POOL = "no_ippool";

/**
 * Which pool a block belongs to: the first one found to cover it, until block or pool goes
 * (`kube-controllers/pkg/controllers/node/pool_manager.go@v3.28.4`). Only metrics ask.
 */
export class PoolIndex {
  readonly #pools = new Map<string, Pool>();
  /** Pools that have or had blocks; `no_ippool` is one of them. */
  readonly #withBlocks = new Set<string>();
  readonly #poolOfBlock = new Map<string, { readonly cidr: Cidr; pool: string }>();

  constructor(private readonly mapOrder: Environment["mapOrder"]) {}

  /** Every known pool. */
  get pools(): readonly Pool[] {
    return [...this.#pools.values()];
  }

  /** Names of the pools that have or had blocks: the ones whose gauges are kept. */
  get poolsWithBlocks(): ReadonlySet<string> {
    return this.#withBlocks;
  }

  /** Name of the block's pool, or `no_ippool`; empty for a block that is not known. */
  poolOf(block: string): string {
    return this.#poolOfBlock.get(block)?.pool ?? "";
  }

  /** A pool that is already known may change its network: its blocks stay with it. */
  updatePool(pool: Pool): void {
    const { name, cidr } = pool;
    if (!this.#pools.has(name) && cidr !== undefined) {
      for (const block of this.#poolOfBlock.values()) {
        if (block.pool === NO_POOL && cidr.covers(block.cidr)) {
          block.pool = name;
          this.#withBlocks.add(name);
        }
      }
    }
    this.#pools.set(name, pool);
  }

  /** Its blocks belong to no pool from now on, even where another pool covers them. */
  deletePool(name: string): void {
    for (const block of this.#poolOfBlock.values()) if (block.pool === name) block.pool = NO_POOL;
    this.#pools.delete(name);
    this.#withBlocks.delete(name);
  }

  /** A block that was not known before. */
  addBlock(cidr: Cidr): void {
    const pools = this.mapOrder([...this.#pools.values()], ({ name }) => name);
    const pool = pools.find((candidate) => candidate.cidr?.covers(cidr))?.name ?? NO_POOL;
    this.#poolOfBlock.set(cidr.text, { cidr, pool });
    this.#withBlocks.add(pool);
  }

  deleteBlock(cidr: string): void {
    this.#poolOfBlock.delete(cidr);
  }
}
