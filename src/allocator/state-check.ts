import {
  counterAt,
  freeOf,
  LIVE,
  OWNED,
  ownerNodeOf,
  OwnerPhase,
  phaseOf,
  slotWord,
} from "./block-state.js";
import { BlockTable } from "./block-table.js";
import { AllocatorCore, HELD_WITHOUT_HANDLE } from "./core.js";
import { entryBlock, entryCount, HandleTable } from "./handle-table.js";
import { HierarchicalBitmap } from "./hierarchical-bitmap.js";
import { BlockWord, Header } from "./layout.js";
import type { AllocatorMemory } from "./memory.js";
import { NodeTable } from "./node-table.js";
import { ThreadTable } from "./thread-table.js";

/** Something in the shared memory that contradicts itself. */
export interface StateFinding {
  readonly kind:
    | "ordinal in no place"
    | "ordinal in two places"
    | "slot of another turn"
    | "unfinished claim"
    | "flags against owner"
    | "own list"
    | "block count"
    | "handle count too low"
    | "bitmap"
    | "lock held";
  readonly text: string;
}

/**
 * Checks the whole state; only while no thread is at work. A handle may count more than it holds, as
 * in Calico, and is not a finding.
 */
export function checkState(memory: AllocatorMemory): StateFinding[] {
  return new StateCheck(memory).run();
}

class StateCheck {
  readonly #findings: StateFinding[] = [];
  readonly #blocks: BlockTable;
  readonly #nodes: NodeTable;
  /** Held addresses by `handle block`. */
  readonly #heldCounts = new Map<number, number>();

  constructor(private readonly memory: AllocatorMemory) {
    const { words, layout } = memory;
    const core = new AllocatorCore(memory, 0);
    const threads = new ThreadTable(words, layout);
    this.#blocks = new BlockTable(memory, core);
    this.#nodes = new NodeTable(memory, core, this.#blocks, threads, 0);
  }

  run(): StateFinding[] {
    const { words, layout } = this.memory;
    const ownersSeen = new Map<number, number[]>();
    for (let block = 0; block < layout.blockCount; block++) {
      this.#checkBlock(block);
      const owner = this.#blocks.ownerOf(block);
      if (phaseOf(owner) !== OwnerPhase.confirmed) continue;
      const node = ownerNodeOf(owner);
      const owned = ownersSeen.get(node);
      if (owned === undefined) ownersSeen.set(node, [block]);
      else owned.push(block);
    }
    for (let node = 0; node < layout.nodeCount; node++) {
      this.#checkNode(node, ownersSeen.get(node) ?? []);
    }
    this.#checkHandles();
    this.#checkBitmaps();
    if (words[Header.mutex] !== 0) this.#find("lock held", "the coarse lock is held");
    return this.#findings;
  }

  #find(kind: StateFinding["kind"], text: string): void {
    this.#findings.push({ kind, text });
  }

  #checkBlock(block: number): void {
    const { words } = this.memory;
    const row = this.#blocks.rowOf(block);
    const state = words[row + BlockWord.state]!;
    const owner = words[row + BlockWord.owner]!;
    const phase = phaseOf(owner);
    const isLive = (state & LIVE) !== 0;
    if (phase === OwnerPhase.pending || phase === OwnerPhase.pendingDeletion) {
      this.#find("unfinished claim", `${this.#name(block)} is in phase ${phase}`);
    } else {
      const isOwned = phase === OwnerPhase.confirmed;
      const flagsFit = isLive === (phase !== OwnerPhase.absent);
      if (!flagsFit || ((state & OWNED) !== 0) !== isOwned) {
        this.#find(
          "flags against owner",
          `${this.#name(block)}: flags ${state & 3}, phase ${phase}`,
        );
      }
    }
    if (isLive) this.#checkOrdinals(block, row, state);
  }

  #checkOrdinals(block: number, row: number, state: number): void {
    const { words } = this.memory;
    const size = 1 << words[row + BlockWord.bits]!;
    const ring = words[row + BlockWord.ring]!;
    const places = new Uint8Array(size);
    const head = counterAt(words, row + BlockWord.state);
    for (let turn = head; turn < head + freeOf(state); turn++) {
      const slot = slotWord(ring, turn, size);
      if (counterAt(words, slot) !== turn) {
        this.#find("slot of another turn", `${this.#name(block)}: slot ${turn & (size - 1)}`);
      }
      places[words[slot]! & (size - 1)]!++;
    }
    for (let ordinal = 0; ordinal < size; ordinal++) {
      const holder = words[words[row + BlockWord.held]! + ordinal]!;
      if (holder !== 0) places[ordinal]!++;
      if (holder > HELD_WITHOUT_HANDLE) {
        const key = (holder - 2) * this.memory.layout.blockCount + block;
        this.#heldCounts.set(key, (this.#heldCounts.get(key) ?? 0) + 1);
      }
      const count = places[ordinal]!;
      if (count > 1) this.#find("ordinal in two places", `${this.#name(block)}: ${ordinal}`);
      if (count === 0 && !this.memory.isReserved(block, ordinal)) {
        this.#find("ordinal in no place", `${this.#name(block)}: ${ordinal}`);
      }
    }
  }

  #checkNode(node: number, owned: readonly number[]): void {
    const listed: number[] = [];
    for (let next = this.#nodes.first(node); next !== 0; next = this.#nodes.next(next - 1)) {
      listed.push(next - 1);
      if (listed.length > owned.length) break;
    }
    const rank = (block: number) => this.memory.words[this.#blocks.rowOf(block) + BlockWord.rank]!;
    const expected = [...owned].sort((a, b) => rank(a) - rank(b));
    if (listed.join() !== expected.join()) {
      this.#find("own list", `node ${node} lists ${listed.join()}, owns ${expected.join()}`);
    }
    const { own, unselected } = this.#nodes.countsOf(node);
    const ownCount = owned.filter((block) => this.#nodes.assignsFrom(node, block)).length;
    const others = owned.filter((block) => !this.#nodes.isSelected(node, block)).length;
    if (own !== ownCount || unselected !== others) {
      const counts = `${own} and ${unselected}, not ${ownCount} and ${others}`;
      this.#find("block count", `node ${node} counts ${counts} blocks`);
    }
    if (this.#nodes.isLocked(node)) this.#find("lock held", `the list of node ${node} is locked`);
  }

  #checkHandles(): void {
    const { words, layout } = this.memory;
    const table = new HandleTable(words, layout);
    const counted = new Map<number, number>();
    for (let handle = 0; handle < layout.handleCount; handle++) {
      for (let word = table.firstEntry(handle); word !== 0; word = table.nextEntry(handle, word)) {
        const entry = table.read(word);
        if (entry === 0) continue;
        const key = handle * layout.blockCount + entryBlock(entry);
        counted.set(key, (counted.get(key) ?? 0) + entryCount(entry));
      }
    }
    for (const [key, held] of this.#heldCounts) {
      const count = counted.get(key) ?? 0;
      if (count >= held) continue;
      const handle = Math.floor(key / layout.blockCount);
      const block = this.#name(key % layout.blockCount);
      this.#find(
        "handle count too low",
        `handle ${handle} holds ${held} in ${block}, counts ${count}`,
      );
    }
  }

  #checkBitmaps(): void {
    const { words, layout } = this.memory;
    for (const pool of layout.pools) {
      const space = new HierarchicalBitmap(words, pool.spaceAt, pool.blockCount);
      const claimable = new HierarchicalBitmap(words, pool.claimableAt, pool.blockCount);
      for (let index = 0; index < pool.blockCount; index++) {
        const block = pool.firstBlock + index;
        const hasSpace = this.#blocks.freeCount(block) > 0;
        if (space.has(index) !== hasSpace) this.#find("bitmap", `space of ${this.#name(block)}`);
        const isClaimable = this.#blocks.isClaimable(block);
        if (claimable.has(index) !== isClaimable) {
          this.#find("bitmap", `claimable of ${this.#name(block)}`);
        }
      }
      for (const bitmap of [space, claimable]) {
        if (!bitmap.isConsistent()) this.#find("bitmap", `levels of pool ${pool.name}`);
      }
    }
    if (words[Header.clearing] !== 0) this.#find("bitmap", "a bit is being cleared");
  }

  #name(block: number): string {
    return this.memory.cidrOf(block).text;
  }
}
