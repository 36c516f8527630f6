import {
  counterAt,
  highOf,
  LIVE,
  lowOfState,
  OWNED,
  OwnerPhase,
  OWNERLESS,
  ownerNodeOf,
  packOwner,
  phaseOf,
  slotWord,
  tailAt,
  writeSlot,
} from "./block-state.js";
import { BlockTable } from "./block-table.js";
import { AllocatorCore } from "./core.js";
import { entryBlock, HandleTable } from "./handle-table.js";
import { BlockWord, Header, NodeWord } from "./layout.js";
import type { AllocatorMemory } from "./memory.js";
import { NodeTable } from "./node-table.js";
import { ThreadTable } from "./thread-table.js";

/** What a repair changed. */
export interface Repair {
  /** Locks that dead threads held. */
  readonly locksBroken: number;
  /** Blocks whose claim or deletion had not come to its end. */
  readonly blocksSettled: number;
  /** Ordinals that were neither free nor held, and are free now. */
  readonly ordinalsReturned: number;
  /** Nodes whose list of blocks or count was wrong. */
  readonly listsRebuilt: number;
  /** Entries of handles that counted other than what is held. */
  readonly handleEntriesCorrected: number;
}

/**
 * Brings the memory back to where nothing contradicts itself, after threads died; only while no
 * thread is at work. The rule: what says who holds an address is the truth, all else follows from it.
 *
 * 1. A lock is free.
 * 2. A claim that had begun but not opened its block is undone. A block that was being deleted is
 *    deleted if it was closed, and its node's again if not; one that has lost its affinity on the way
 *    has none.
 * 3. An ordinal that is held is not free; one that is not held and not reserved is free, after those
 *    that are in their place in the ring. So an address that a thread had taken, but not yet noted as
 *    held, is free again, and its pod, which never heard of it, asks anew.
 * 4. Lists of nodes, counts of handles and bitmaps follow from the blocks.
 */
export function repair(memory: AllocatorMemory): Repair {
  return new RepairRun(memory).run();
}

class RepairRun {
  readonly #blocks: BlockTable;
  readonly #nodes: NodeTable;
  readonly #handles: HandleTable;
  readonly #core: AllocatorCore;
  #locksBroken = 0;
  #blocksSettled = 0;
  #ordinalsReturned = 0;
  #listsRebuilt = 0;
  #handleEntriesCorrected = 0;

  constructor(private readonly memory: AllocatorMemory) {
    const { words, layout } = memory;
    const threads = new ThreadTable(words, layout);
    this.#core = new AllocatorCore(memory, 0);
    this.#blocks = new BlockTable(memory, this.#core);
    this.#handles = new HandleTable(words, layout);
    this.#nodes = new NodeTable(memory, this.#core, this.#blocks, threads, 0);
  }

  run(): Repair {
    const { words, layout } = this.memory;
    if (words[Header.mutex] !== 0) {
      words[Header.mutex] = 0;
      this.#locksBroken++;
    }
    words[Header.mutexWaiters] = 0;
    for (let node = 0; node < layout.nodeCount; node++) {
      if (!this.#nodes.isLocked(node)) continue;
      this.#nodes.unlock(node);
      this.#locksBroken++;
    }
    for (let block = 0; block < layout.blockCount; block++) {
      this.#settleOwner(block);
      this.#rebuildRing(block);
    }
    this.#rebuildLists();
    this.#rebuildHandles();
    this.#deleteAbandoned();
    this.#blocks.settleAll();
    return {
      locksBroken: this.#locksBroken,
      blocksSettled: this.#blocksSettled,
      ordinalsReturned: this.#ordinalsReturned,
      listsRebuilt: this.#listsRebuilt,
      handleEntriesCorrected: this.#handleEntriesCorrected,
    };
  }

  #settleOwner(block: number): void {
    const { words } = this.memory;
    const row = this.#blocks.rowOf(block);
    const owner = words[row + BlockWord.owner]!;
    const state = words[row + BlockWord.state]!;
    const isLive = (state & LIVE) !== 0;
    const isOwned = (state & OWNED) !== 0;
    let right = owner;
    if (!isLive) right = OwnerPhase.absent;
    else if (!isOwned) right = OWNERLESS;
    else if (phaseOf(owner) !== OwnerPhase.confirmed) {
      right = packOwner(OwnerPhase.confirmed, ownerNodeOf(owner));
    }
    if (right === owner) return;
    this.#blocks.setOwner(block, right);
    this.#blocksSettled++;
  }

  #rebuildRing(block: number): void {
    const { words } = this.memory;
    const row = this.#blocks.rowOf(block);
    const state = words[row + BlockWord.state]!;
    if ((state & LIVE) === 0) return;
    const size = 1 << words[row + BlockWord.bits]!;
    const ring = words[row + BlockWord.ring]!;
    const held = words[row + BlockWord.held]!;
    const isInPlace = new Uint8Array(size);
    const order: number[] = [];
    const tail = tailAt(words, row + BlockWord.state);
    // One slot beyond the counted ones may be filled and not yet counted in.
    for (let turn = counterAt(words, row + BlockWord.state); turn <= tail; turn++) {
      const slot = slotWord(ring, turn, size);
      if (order.length === size || counterAt(words, slot) !== turn) break;
      const ordinal = words[slot]! & (size - 1);
      if (words[held + ordinal] === 0 && isInPlace[ordinal] === 0) {
        isInPlace[ordinal] = 1;
        order.push(ordinal);
      }
    }
    for (let ordinal = 0; ordinal < size; ordinal++) {
      if (words[held + ordinal] !== 0 || isInPlace[ordinal] === 1) continue;
      if (this.memory.isReserved(block, ordinal)) continue;
      order.push(ordinal);
      this.#ordinalsReturned++;
    }
    // A turn that no thread has used yet, so that what is written now is told from what was there.
    const first = tail + size;
    for (const [i, ordinal] of order.entries()) {
      writeSlot(words, slotWord(ring, first + i, size), first + i, ordinal);
    }
    const low = lowOfState(first, order.length, state & (LIVE | OWNED));
    this.#core.setState(block, low, highOf(first));
  }

  #rebuildLists(): void {
    const { words, layout } = this.memory;
    const ownedBy = new Map<number, number[]>();
    for (let block = 0; block < layout.blockCount; block++) {
      const owner = this.#blocks.ownerOf(block);
      if (phaseOf(owner) !== OwnerPhase.confirmed) continue;
      const node = ownerNodeOf(owner);
      const owned = ownedBy.get(node);
      if (owned === undefined) ownedBy.set(node, [block]);
      else owned.push(block);
    }
    for (let node = 0; node < layout.nodeCount; node++) {
      const owned = ownedBy.get(node) ?? [];
      const before = this.#listOf(node, owned.length);
      const { own, unselected } = this.#nodes.countsOf(node);
      const row = this.#nodes.rowOf(node);
      words[row + NodeWord.head] = 0;
      words[row + NodeWord.own] = 0;
      words[row + NodeWord.unselected] = 0;
      for (const block of owned) this.#nodes.insert(node, block);
      const counts = this.#nodes.countsOf(node);
      const isSame =
        before === this.#listOf(node, owned.length) &&
        counts.own === own &&
        counts.unselected === unselected;
      if (!isSame) this.#listsRebuilt++;
    }
  }

  #listOf(node: number, most: number): string {
    const listed: number[] = [];
    for (let next = this.#nodes.first(node); next !== 0; next = this.#nodes.next(next - 1)) {
      listed.push(next - 1);
      if (listed.length > most) break;
    }
    return listed.join();
  }

  /** Each handle counts in each block what it holds there. */
  #rebuildHandles(): void {
    const { words, layout } = this.memory;
    const holds = new Map<number, Map<number, number>>();
    for (let block = 0; block < layout.blockCount; block++) {
      if (phaseOf(this.#blocks.ownerOf(block)) === OwnerPhase.absent) continue;
      const row = this.#blocks.rowOf(block);
      const held = words[row + BlockWord.held]!;
      for (let ordinal = 0; ordinal < 1 << words[row + BlockWord.bits]!; ordinal++) {
        const handle = words[held + ordinal]! - 2;
        if (handle < 0) continue;
        const counts = holds.get(handle) ?? new Map<number, number>();
        counts.set(block, (counts.get(block) ?? 0) + 1);
        holds.set(handle, counts);
      }
    }
    for (let handle = 0; handle < layout.handleCount; handle++) {
      const missing = holds.get(handle) ?? new Map<number, number>();
      const handles = this.#handles;
      let word = handles.firstEntry(handle);
      for (; word !== 0; word = handles.nextEntry(handle, word)) {
        const entry = handles.read(word);
        if (entry === 0) continue;
        const block = entryBlock(entry);
        const count = missing.get(block) ?? 0;
        missing.delete(block);
        if (handles.correct(word, block, count)) this.#handleEntriesCorrected++;
      }
      for (const [block, count] of missing) {
        this.#core.increment(handle, block, count);
        this.#handleEntriesCorrected++;
      }
    }
  }

  /** A block that lost its last address while it lost its affinity. */
  #deleteAbandoned(): void {
    for (let block = 0; block < this.memory.layout.blockCount; block++) {
      if (this.#blocks.ownerOf(block) !== OWNERLESS || !this.#blocks.isEmpty(block)) continue;
      this.#blocks.removeIfAbandoned(block);
      this.#blocksSettled++;
    }
  }
}
