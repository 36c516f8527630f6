import {
  AssignStatus,
  type Allocator,
  BlockStatus,
  NO_HANDLE,
  ReleaseStatus,
} from "./allocator.js";
import {
  LIVE,
  OWNED,
  ownerNodeOf,
  OwnerPhase,
  OWNERLESS,
  packOwner,
  phaseOf,
} from "./block-state.js";
import { BlockTable } from "./block-table.js";
import { AllocatorCore, ANY_NODE, HELD_WITHOUT_HANDLE } from "./core.js";
import { CoreResult, RETRIES } from "./core-result.js";
import { entryBlock, entryCount, HandleTable } from "./handle-table.js";
import { BlockWord, Header, NodeWord } from "./layout.js";
import type { AllocatorMemory } from "./memory.js";
import { NodeTable } from "./node-table.js";
import { TakenAddresses } from "./taken-addresses.js";
import { RETRY_PLACES, Statistic, statisticsOf } from "./thread-statistics.js";
import { ThreadTable } from "./thread-table.js";

/** Blocks a node may claim when neither the caller nor the configuration says a number. */
const DEFAULT_MAX_BLOCKS = 20;

/** Blocks whose claims `claimed` has room for in one operation; further ones are not listed. */
const CLAIMED_MAX = 4096;

/**
 * The allocator that the write-up says v3.28.4 has: no lock around an operation.
 *
 * 1. An address of an own block is taken by one compare-and-swap of the block's state, and returned by
 *    two, after which the handle's count is changed by one more. Bounded retry; no lock.
 * 2. A block is claimed by compare-and-swap of its owner word. The list of a node's own blocks, which
 *    claims and releases of blocks change, has a short lock of that node's own, so two claims for the
 *    same node follow each other. An assignment from a block that the node has never takes it.
 * 3. No compare-and-swap is fooled by a word that came back: `layout.ts` says of each word why.
 *
 * Called by one thread alone it decides as `src/protocol` does. With several threads an operation
 * that touches several blocks, or releases several addresses, is not atomic as a whole.
 */
export class LockReducedAllocator implements Allocator {
  readonly taken: TakenAddresses;
  readonly claimed = new Int32Array(CLAIMED_MAX);
  poolsWalked = 0;
  claimedCount = 0;
  readonly #words: Int32Array;
  readonly #core: AllocatorCore;
  readonly #blocks: BlockTable;
  readonly #handles: HandleTable;
  readonly #nodes: NodeTable;
  readonly #statistics: Float64Array;
  readonly #poolCount: number;
  #missing = 0;

  /** @param thread number of this thread, from 1; two threads never share one. */
  constructor(
    private readonly memory: AllocatorMemory,
    thread: number,
  ) {
    const { words, layout } = memory;
    this.#words = words;
    this.#poolCount = layout.pools.length;
    this.#core = new AllocatorCore(memory, thread);
    this.#blocks = new BlockTable(memory, this.#core);
    this.#handles = new HandleTable(words, layout);
    const threads = new ThreadTable(words, layout);
    this.#nodes = new NodeTable(memory, this.#core, this.#blocks, threads, thread);
    this.#statistics = statisticsOf(memory.buffer, layout, thread);
    this.taken = new TakenAddresses(memory, thread);
  }

  assign(node: number, handle: number, wanted: number, maxBlocks: number): AssignStatus {
    this.taken.count = 0;
    this.poolsWalked = 0;
    this.claimedCount = 0;
    this.#core.begin();
    const statistics = this.#statistics;
    statistics[Statistic.assigns]!++;
    if (wanted === 1) {
      const end = this.#core.assignOne(node, handle);
      if (end !== CoreResult.elsewhere) {
        this.taken.count = 1;
        if (end === CoreResult.emptied) this.#blocks.settleSpace(this.taken.blocks[0]!);
        this.#countRetries();
        return AssignStatus.complete;
      }
    }
    this.#missing = wanted;
    const status = this.#assign(node, handle, maxBlocks);
    if (status !== AssignStatus.complete) statistics[Statistic.failedByStatus + status]!++;
    this.#countRetries();
    return status;
  }

  #assign(node: number, handle: number, maxBlocks: number): AssignStatus {
    const words = this.#words;
    const row = this.#nodes.rowOf(node);
    const pools = words[row + NodeWord.assignPools]!;
    if (pools === 0) return AssignStatus.noPools;
    if (words[row + NodeWord.unselected] !== 0) this.#giveUpUnselected(node);
    for (let round = 0; round < RETRIES; round++) {
      const version = this.#nodes.versionOf(node);
      if (this.#takeFromOwnBlocks(node, handle)) return AssignStatus.complete;
      const limit = this.#limitOf(maxBlocks);
      if (Atomics.load(words, row + NodeWord.own) >= limit) return AssignStatus.blockLimit;
      if (words[Header.autoAllocateBlocks] === 0) return AssignStatus.noAutoAllocate;
      const block = this.#claimForMissing(node, pools, version, limit);
      if (block === LIST_CHANGED) {
        this.#statistics[Statistic.ownListRereads]!++;
        continue;
      }
      if (block === LIMIT_REACHED) return AssignStatus.blockLimit;
      if (block === NO_FREE_BLOCK) return this.#borrow(node, handle, pools);
      this.#takeFrom(block, node, handle);
      if (this.#missing === 0) return AssignStatus.complete;
      // A claim is progress: only rounds without any count against the bound.
      round = -1;
    }
    return AssignStatus.retriesExhausted;
  }

  #limitOf(asked: number): number {
    const configured = this.#words[Header.maxBlocksPerHost]!;
    if (asked > 0 && configured > 0) return Math.min(asked, configured);
    if (asked > 0) return asked;
    return configured > 0 ? configured : DEFAULT_MAX_BLOCKS;
  }

  /** Whether nothing is missing any more. */
  #takeFromOwnBlocks(node: number, handle: number): boolean {
    const nodes = this.#nodes;
    // The list may lead astray while it is being changed, but not for longer than there are blocks.
    let left = this.memory.layout.blockCount;
    for (let next = nodes.first(node); next !== 0 && left > 0; left--) {
      const block = next - 1;
      if (this.#blocks.seemsFree(block) && nodes.assignsFrom(node, block)) {
        this.#takeFrom(block, node, handle);
        if (this.#missing === 0) return true;
      }
      next = nodes.next(block);
    }
    return this.#missing === 0;
  }

  /**
   * Takes what is missing from a block, as far as it goes. The handle is counted up first, by what is
   * asked for, whatever is found (`assignFromExistingBlock`, libcalico-go/lib/ipam/ipam.go@v3.28.4).
   */
  #takeFrom(block: number, node: number, handle: number): void {
    const wanted = this.#missing;
    const hasHandle = handle !== NO_HANDLE;
    const { taken } = this;
    if (hasHandle) this.#core.increment(handle, block, wanted);
    const holder = hasHandle ? handle + 2 : HELD_WITHOUT_HANDLE;
    const end = this.#core.take(block, wanted, node, holder, taken.count);
    if (end <= 0) {
      if (hasHandle) this.#core.decrement(handle, block, wanted);
      if (end === CoreResult.gaveUp) this.#statistics[Statistic.retriesExhausted]!++;
      return;
    }
    const count = end & (CoreResult.emptied - 1);
    taken.count += count;
    this.#missing -= count;
    if (hasHandle) this.#handles.setHint(handle, taken.ordinals[taken.count - 1]!);
    if (end !== count) this.#blocks.settleSpace(block);
  }

  #claimForMissing(node: number, pools: number, version: number, limit: number): number {
    this.#nodes.lock(node);
    if (this.#nodes.versionOf(node) !== version) {
      this.#nodes.unlock(node);
      return LIST_CHANGED;
    }
    const row = this.#nodes.rowOf(node);
    // Another thread may have claimed between the look at the list and the look at the count.
    const block =
      this.#words[row + NodeWord.own]! >= limit ? LIMIT_REACHED : this.#claimFirst(node, pools);
    this.#nodes.unlock(node);
    return block;
  }

  /** Claims the first claimable block of the node's walk over each pool. The list is locked. */
  #claimFirst(node: number, pools: number): number {
    for (let pool = 0; pool < this.#poolCount; pool++) {
      if (((pools >>> pool) & 1) === 0) continue;
      const start = this.#nodes.startOf(node, pool);
      for (;;) {
        const block = this.#blocks.nextClaimable(pool, start);
        if (block < 0) break;
        if (this.#claim(node, block)) return block;
        this.#statistics[Statistic.claimsLost]!++;
      }
    }
    return NO_FREE_BLOCK;
  }

  #claim(node: number, block: number): boolean {
    if (!this.#blocks.beginClaim(block, node)) return false;
    this.#nodes.insert(node, block);
    this.#blocks.open(block, node, this.memory.isReserved);
    this.#statistics[Statistic.claims]!++;
    if (this.claimedCount < CLAIMED_MAX) this.claimed[this.claimedCount++] = block;
    return true;
  }

  /** Takes addresses from whatever block has some, along the node's walk over each pool. */
  #borrow(node: number, handle: number, pools: number): AssignStatus {
    if (this.#words[Header.strictAffinity] === 1) return AssignStatus.strictAffinity;
    const before = this.taken.count;
    for (let pool = 0; pool < this.#poolCount && this.#missing > 0; pool++) {
      if (((pools >>> pool) & 1) === 0) continue;
      const start = this.#nodes.startOf(node, pool);
      const { blockCount } = this.memory.layout.pools[pool]!;
      this.#borrowBetween(pool, start, blockCount, handle);
      if (this.#missing > 0) this.#borrowBetween(pool, 0, start, handle);
      if (this.#missing > 0) this.poolsWalked++;
    }
    this.#statistics[Statistic.borrowed]! += this.taken.count - before;
    return this.#missing === 0 ? AssignStatus.complete : AssignStatus.noAddresses;
  }

  #borrowBetween(pool: number, from: number, end: number, handle: number): void {
    const { firstBlock } = this.memory.layout.pools[pool]!;
    let index = this.#blocks.nextWithSpace(pool, from, end);
    while (index >= 0) {
      this.#takeFrom(firstBlock + index, ANY_NODE, handle);
      if (this.#missing === 0) return;
      index = this.#blocks.nextWithSpace(pool, index + 1, end);
    }
  }

  /** Gives up empty own blocks in pools that do not select the node, as AutoAssign does first. */
  #giveUpUnselected(node: number): void {
    let left = this.memory.layout.blockCount;
    for (let next = this.#nodes.first(node); next !== 0 && left > 0; left--) {
      const block = next - 1;
      next = this.#nodes.next(block);
      if (!this.#nodes.isSelected(node, block)) this.releaseBlock(node, block, true);
    }
  }

  releaseByHandle(handle: number): ReleaseStatus {
    const core = this.#core;
    core.begin();
    const end = core.releaseOne(handle);
    if (end === CoreResult.elsewhere) return this.#releaseEntries(handle);
    if ((end & CoreResult.space) !== 0) this.#blocks.settleSpace(core.releasedBlock);
    if ((end & CoreResult.unusual) !== 0) this.#afterRelease(core.releasedBlock);
    this.#statistics[Statistic.releases]!++;
    this.#countRetries();
    return ReleaseStatus.released;
  }

  #releaseEntries(handle: number): ReleaseStatus {
    const handles = this.#handles;
    let exists = false;
    for (
      let word = handles.firstEntry(handle);
      word !== 0;
      word = handles.nextEntry(handle, word)
    ) {
      const entry = handles.read(word);
      if (entry === 0) continue;
      exists = true;
      this.#releaseEntry(handle, entryBlock(entry), entryCount(entry));
    }
    if (!exists) return ReleaseStatus.noHandle;
    this.#statistics[Statistic.releases]!++;
    this.#countRetries();
    return ReleaseStatus.released;
  }

  /** Frees a handle's ordinals in one block, ascending. Nothing found: the count stays as it is. */
  #releaseEntry(handle: number, block: number, count: number): void {
    const words = this.#words;
    const row = this.#blocks.rowOf(block);
    const held = words[row + BlockWord.held]!;
    const holder = handle + 2;
    let freed = 0;
    const size = 1 << words[row + BlockWord.bits]!;
    // A count never understates, so there are no more than it says.
    for (let ordinal = 0; ordinal < size && freed < count; ordinal++) {
      if (words[held + ordinal] === holder && this.#give(block, ordinal, holder)) freed++;
    }
    if (freed === 0) return;
    this.#core.decrement(handle, block, freed);
    this.#afterRelease(block);
  }

  #give(block: number, ordinal: number, holder: number): boolean {
    const end = this.#core.give(block, ordinal, holder);
    if (end === CoreResult.space) this.#blocks.settleSpace(block);
    return end !== 0;
  }

  releaseAddress(block: number, ordinal: number, handle: number): ReleaseStatus {
    this.#core.begin();
    const words = this.#words;
    const held = words[this.#blocks.rowOf(block) + BlockWord.held]!;
    const holder = Atomics.load(words, held + ordinal);
    const isOther = handle !== NO_HANDLE && holder !== handle + 2;
    if (holder === 0 || isOther || !this.#give(block, ordinal, holder)) {
      return ReleaseStatus.notHeld;
    }
    if (holder !== HELD_WITHOUT_HANDLE) this.#core.decrement(holder - 2, block, 1);
    this.#afterRelease(block);
    this.#statistics[Statistic.releases]!++;
    this.#countRetries();
    return ReleaseStatus.released;
  }

  /** An empty block without affinity is deleted; one whose pool no longer selects its node given up. */
  #afterRelease(block: number): void {
    const owner = this.#blocks.ownerOf(block);
    if (owner === OWNERLESS) {
      this.#blocks.removeIfAbandoned(block);
      return;
    }
    if (phaseOf(owner) !== OwnerPhase.confirmed) return;
    const node = ownerNodeOf(owner);
    if (!this.#nodes.isSelected(node, block)) this.releaseBlock(node, block, true);
  }

  claimBlock(node: number, block: number): BlockStatus {
    this.claimedCount = 0;
    this.#nodes.lock(node);
    const isOurs =
      this.#claim(node, block) ||
      this.#blocks.ownerOf(block) === packOwner(OwnerPhase.confirmed, node);
    this.#nodes.unlock(node);
    return isOurs ? BlockStatus.done : BlockStatus.notOurs;
  }

  releaseBlock(node: number, block: number, mustBeEmpty: boolean): BlockStatus {
    this.#nodes.lock(node);
    const status = this.#releaseLocked(node, block, mustBeEmpty);
    this.#nodes.unlock(node);
    // It may have lost its last address while it was about to be left without owner.
    if (status === BlockStatus.done) this.#blocks.removeIfAbandoned(block);
    return status;
  }

  #releaseLocked(node: number, block: number, mustBeEmpty: boolean): BlockStatus {
    const blocks = this.#blocks;
    const confirmed = packOwner(OwnerPhase.confirmed, node);
    if (blocks.ownerOf(block) !== confirmed) return BlockStatus.notOurs;
    if (mustBeEmpty && !blocks.isEmpty(block)) return BlockStatus.notEmpty;
    const deleting = packOwner(OwnerPhase.pendingDeletion, node);
    blocks.setOwner(block, deleting);
    if (this.#core.close(block, LIVE | OWNED, deleting)) {
      this.#nodes.remove(node, block);
      blocks.remove(block);
      return BlockStatus.done;
    }
    if (mustBeEmpty) {
      // An address was taken meanwhile.
      blocks.setOwner(block, confirmed);
      return BlockStatus.notEmpty;
    }
    this.#core.disown(block);
    this.#nodes.remove(node, block);
    blocks.setOwner(block, OWNERLESS);
    return BlockStatus.done;
  }

  #countRetries(): void {
    const { retries } = this.#core;
    if (retries === 0) return;
    const place = retries < RETRY_PLACES ? retries : RETRY_PLACES - 1;
    this.#statistics[Statistic.operationsByRetries + place]!++;
  }
}

/** What `#claimForMissing` returns instead of a block. */
const NO_FREE_BLOCK = -1;
const LIST_CHANGED = -2;
const LIMIT_REACHED = -3;
