import type { Environment, Steps } from "../protocol/environment.js";
import type { Ipam } from "../protocol/ipam.js";
import type { BlockIndex } from "./block-index.js";
import type { PoolIndex } from "./pool-index.js";

/** Addresses that a node's other blocks must have free before v3.27 gives up an empty one. */
const FREE_ADDRESSES_KEPT = 3;

/**
 * Gives up blocks that have been empty for longer than the grace period, but never a node's only one
 * (`kube-controllers/pkg/controllers/node/ipam.go@v3.28.4`).
 */
export class EmptyBlocks {
  readonly #env: Environment;
  /** When a sync first saw the block empty. */
  readonly #sinceNs = new Map<string, bigint>();

  /**
   * @param graceNs unset or 0: no block is ever given up.
   * @param isMigrating whether blocks of a node are kept because it comes from Flannel.
   */
  constructor(
    private readonly ipam: Ipam,
    private readonly blocks: BlockIndex,
    private readonly pools: PoolIndex,
    private readonly graceNs: bigint | undefined,
    private readonly isMigrating: (node: string) => Steps<boolean>,
  ) {
    this.#env = ipam.env;
  }

  /** An owned block was seen with an allocation. */
  noteUsed(cidr: string): void {
    const { gcEmptySince } = this.#env.release;
    if (gcEmptySince === "the last time it became empty") this.#sinceNs.delete(cidr);
  }

  noteDeleted(cidr: string): void {
    this.#sinceNs.delete(cidr);
  }

  /** The part of a sync that concerns empty blocks; errors are logged only. */
  *release(): Steps<void> {
    const isSpare = (node: string) => this.blocks.blocksOfNode(node).size > 1;
    const spare: (readonly [cidr: string, node: string])[] = [];
    for (const empty of this.blocks.emptyBlocks) if (isSpare(empty[1])) spare.push(empty);
    for (const [cidr, node] of this.#env.mapOrder(spare, ([text]) => text)) {
      if (!isSpare(node)) continue;
      if (!this.#hasRoomWithout(cidr, node) || (yield* this.isMigrating(node))) {
        this.#sinceNs.delete(cidr);
        continue;
      }
      if (!this.#isLongEmpty(cidr)) continue;
      const block = this.blocks.block(cidr);
      if (block === undefined) continue;
      const error = yield* this.ipam.releaseBlockAffinity(block, true);
      if (error !== undefined) continue;
      this.blocks.forgetBlock(cidr);
      this.pools.deleteBlock(cidr);
      this.#sinceNs.delete(cidr);
    }
  }

  /** Notes that the block is empty; true once that was noted for more than the grace period. */
  #isLongEmpty(cidr: string): boolean {
    if (this.graceNs === undefined || this.graceNs === 0n) return false;
    const nowNs = this.#env.nowNs();
    const sinceNs = this.#sinceNs.get(cidr);
    if (sinceNs !== undefined) return nowNs - sinceNs > this.graceNs;
    this.#sinceNs.set(cidr, nowNs);
    return false;
  }

  /** Up to v3.27 an empty block is kept while the node's other blocks are full. */
  #hasRoomWithout(cidr: string, node: string): boolean {
    if (this.#env.release.gcEmptyBlockRule === "all") return true;
    let free = 0;
    for (const text of this.blocks.blocksOfNode(node)) {
      if (text !== cidr) free += this.blocks.block(text)?.unallocated.length ?? 0;
    }
    return free >= FREE_ADDRESSES_KEPT;
  }
}
