import {
  counterAt,
  freeOf,
  LIVE,
  ownerNodeOf,
  OwnerPhase,
  phaseOf,
  slotWord,
} from "./block-state.js";
import { entryBlock, entryCount, HandleTable } from "./handle-table.js";
import { BLOCK_SHIFT, BlockWord } from "./layout.js";
import type { AllocatorMemory } from "./memory.js";

export interface BlockSnapshot {
  readonly cidr: string;
  /** Number of the owning node, or null. */
  readonly node: number | null;
  /** Ordinal to handle number; -1 is held without handle. */
  readonly held: ReadonlyMap<number, number>;
  /** Free ordinals, first out first; reserved ones are left out. */
  readonly free: readonly number[];
}

export interface AllocatorSnapshot {
  /** In numeric order of the addresses within each pool. */
  readonly blocks: readonly BlockSnapshot[];
  /** By handle number: block cidr to count. */
  readonly handles: ReadonlyMap<number, ReadonlyMap<string, number>>;
}

/** Free ordinals of a block, first out first. */
export function freeOrdinals({ words, layout }: AllocatorMemory, block: number): number[] {
  const row = layout.blocksAt + (block << BLOCK_SHIFT);
  const state = words[row + BlockWord.state]!;
  if ((state & LIVE) === 0) return [];
  const size = 1 << words[row + BlockWord.bits]!;
  const ring = words[row + BlockWord.ring]!;
  const head = counterAt(words, row + BlockWord.state);
  return Array.from(
    { length: freeOf(state) },
    (_, i) => words[slotWord(ring, head + i, size)]! & (size - 1),
  );
}

/** Everything that is stored, in names; only while no thread is at work. */
export function snapshotOf(memory: AllocatorMemory): AllocatorSnapshot {
  const { words, layout } = memory;
  const blocks: BlockSnapshot[] = [];
  for (let block = 0; block < layout.blockCount; block++) {
    const row = layout.blocksAt + (block << BLOCK_SHIFT);
    const owner = words[row + BlockWord.owner]!;
    if (phaseOf(owner) === OwnerPhase.absent) continue;
    const held = new Map<number, number>();
    for (let ordinal = 0; ordinal < 1 << words[row + BlockWord.bits]!; ordinal++) {
      const holder = words[words[row + BlockWord.held]! + ordinal]!;
      if (holder !== 0) held.set(ordinal, holder - 2);
    }
    const node = phaseOf(owner) === OwnerPhase.none ? null : ownerNodeOf(owner);
    const free = freeOrdinals(memory, block);
    blocks.push({ cidr: memory.cidrOf(block).text, node, held, free });
  }
  const handles = new Map<number, Map<string, number>>();
  const table = new HandleTable(words, layout);
  for (let handle = 0; handle < layout.handleCount; handle++) {
    const counts = new Map<string, number>();
    for (let word = table.firstEntry(handle); word !== 0; word = table.nextEntry(handle, word)) {
      const entry = table.read(word);
      if (entry === 0) continue;
      const { text } = memory.cidrOf(entryBlock(entry));
      counts.set(text, (counts.get(text) ?? 0) + entryCount(entry));
    }
    if (counts.size > 0) handles.set(handle, counts);
  }
  return { blocks, handles };
}
