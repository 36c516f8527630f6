import { describe, expect, it, vi } from "vitest";
import { type Allocator, AssignStatus, NO_HANDLE } from "../../src/allocator/allocator.js";
import {
  counterAt,
  freeOf,
  highOf,
  lowOfState,
  OwnerPhase,
  ownerNodeOf,
  phaseOf,
  slotWord,
  writeSlot,
} from "../../src/allocator/block-state.js";
import { BlockTable } from "../../src/allocator/block-table.js";
import { AllocatorCore } from "../../src/allocator/core.js";
import {
  BLOCK_SHIFT,
  BlockWord,
  Header,
  NODE_SHIFT,
  NodeWord,
} from "../../src/allocator/layout.js";
import { LockReducedAllocator } from "../../src/allocator/lock-reduced.js";
import type { AllocatorMemory } from "../../src/allocator/memory.js";
import { repair } from "../../src/allocator/repair.js";
import { snapshotOf } from "../../src/allocator/snapshot.js";
import { checkState } from "../../src/allocator/state-check.js";
import { wideCount } from "../../src/allocator/wide-counter.js";
import { dieAt, stallAt } from "./death.js";
import { smallMemory } from "./small-memory.js";

vi.mock("../../src/allocator/core-module.js", async () => {
  const { steppingCore } = await import("./stepping-core.js");
  return { instantiateCore: await steppingCore() };
});

/** Ordinals of a block of `smallMemory`. */
const SIZE = 4;

/** Counters around which a narrower version went round, or would. */
const EDGES = [
  ["the lower half of a state", 2 ** 17],
  ["32 bits of a state of a /26", 2 ** 23],
  ["32 bits of a state of a /30", 2 ** 27],
  ["32 bits of a counter", 2 ** 32],
] as const;

function rowOf({ layout }: AllocatorMemory, block: number): number {
  return layout.blocksAt + (block << BLOCK_SHIFT);
}

function stateOf(memory: AllocatorMemory, block: number): bigint {
  return new BigInt64Array(memory.buffer)[rowOf(memory, block) / 2]!;
}

/** Lets the counters of a block be as after so many more ordinals taken and returned in turn. */
function age(memory: AllocatorMemory, block: number, ordinals: number): void {
  const { words } = memory;
  const row = rowOf(memory, block);
  const ring = words[row + BlockWord.ring]!;
  const slots = Array.from({ length: SIZE }, (_, position) => {
    const slot = slotWord(ring, position, SIZE);
    return { turn: counterAt(words, slot) + ordinals, ordinal: words[slot]! & (SIZE - 1) };
  });
  for (const { turn, ordinal } of slots) {
    writeSlot(words, slotWord(ring, turn, SIZE), turn, ordinal);
  }
  const low = words[row]!;
  const head = counterAt(words, row) + ordinals;
  words[row] = lowOfState(head, freeOf(low), low & 3);
  words[row + 1] = highOf(head);
}

/** The block that a node of a fresh memory claims, with its only address assigned to no handle. */
function claimOne(allocator: LockReducedAllocator): number {
  expect(allocator.assign(0, NO_HANDLE, 1, 0)).toBe(AssignStatus.complete);
  return allocator.taken.blocks[0]!;
}

/**
 * What a thread does, and what others do that makes the words it works on look as before but for
 * their counters' upper bits, while the block is another. Two addresses of the block are free.
 */
const STALLS: readonly {
  readonly name: string;
  run(stalled: Allocator): void;
  meanwhile(other: Allocator, block: number, held: number): void;
  /** By how much the head moves, but for what makes its lower bits the same. */
  readonly headMoves: number;
}[] = [
  {
    name: "takes an address, while the ring comes into another order,",
    run: (stalled) => stalled.assign(0, 51, 1, 0),
    meanwhile: (other, block) => {
      expect(other.assign(0, NO_HANDLE, 2, 0)).toBe(AssignStatus.complete);
      const [first, second] = other.taken.ordinals;
      other.releaseAddress(block, second!, NO_HANDLE);
      other.releaseAddress(block, first!, NO_HANDLE);
    },
    headMoves: 0,
  },
  {
    name: "fills a slot, while that comes to hold a free address,",
    run: (stalled) => stalled.releaseByHandle(50),
    meanwhile: (other, block, held) => {
      other.releaseAddress(block, held, NO_HANDLE);
      expect(other.assign(0, NO_HANDLE, 2, 0)).toBe(AssignStatus.complete);
      const [first, second] = other.taken.ordinals;
      other.releaseAddress(block, first!, NO_HANDLE);
      other.releaseAddress(block, second!, NO_HANDLE);
    },
    headMoves: -2,
  },
  {
    name: "counts a slot in, after others did,",
    run: (stalled) => stalled.releaseByHandle(50),
    meanwhile: (other, block) => {
      expect(other.assign(0, NO_HANDLE, 1, 0)).toBe(AssignStatus.complete);
      other.releaseAddress(block, other.taken.ordinals[0]!, NO_HANDLE);
      expect(other.assign(0, NO_HANDLE, 1, 0)).toBe(AssignStatus.complete);
    },
    headMoves: 0,
  },
];

describe.each(EDGES)("beyond %s", (_, edge) => {
  it("a block goes on as any other, over its life and the next one", () => {
    const run = (from: number) => {
      const memory = smallMemory();
      const allocator = new LockReducedAllocator(memory, 1);
      const block = claimOne(allocator);
      allocator.releaseAddress(block, allocator.taken.ordinals[0]!, NO_HANDLE);
      age(memory, block, from);
      const seen: string[] = [];
      for (let i = 0; i < 5 * SIZE; i++) {
        if (i === 3 * SIZE) {
          for (let handle = 0; handle < 10; handle++) allocator.releaseByHandle(handle);
          allocator.releaseBlock(0, block, true);
        }
        const status = allocator.assign(0, i % 5, 1 + (i % 2), 0);
        const { count, ordinals } = allocator.taken;
        seen.push(`${status}: ${ordinals.subarray(0, count).join()}`);
        allocator.releaseByHandle((i + 2) % 5);
        expect(checkState(memory)).toEqual([]);
      }
      expect(repair(memory).ordinalsReturned).toBe(0);
      expect(checkState(memory)).toEqual([]);
      const { head, ...rest } = { head: counterAt(memory.words, rowOf(memory, block)), seen };
      expect(head).toBeGreaterThan(from + 3 * SIZE);
      return { ...rest, snapshot: snapshotOf(memory) };
    };
    expect(run(edge - SIZE)).toEqual(run(0));
  });

  it.each(STALLS)("a thread that $name is not fooled, wherever it stood", (stall) => {
    let step = 0;
    for (; ; step++) {
      const memory = smallMemory();
      const other = new LockReducedAllocator(memory, 1);
      const stalled = new LockReducedAllocator(memory, 2);
      const block = claimOne(other);
      const held = other.taken.ordinals[0]!;
      expect(stalled.assign(0, 50, 1, 0)).toBe(AssignStatus.complete);
      const head = () => counterAt(memory.words, rowOf(memory, block));
      const hasStalled = stallAt(
        step,
        () => {
          stall.run(stalled);
        },
        () => {
          const from = head();
          stall.meanwhile(other, block, held);
          age(memory, block, 4 * edge + stall.headMoves - (head() - from));
        },
      );
      expect({ step, findings: checkState(memory) }).toEqual({ step, findings: [] });
      if (!hasStalled) break;
    }
    expect(step).toBeGreaterThan(3);
  });
});

it("a compare-and-swap of a state that is 2^17 real pairs old fails", () => {
  const memory = smallMemory();
  const allocator = new LockReducedAllocator(memory, 1);
  const block = claimOne(allocator);
  const core = new AllocatorCore(memory, 1);
  const stale = stateOf(memory, block);
  for (let pair = 0; pair < 2 ** 17; pair++) {
    core.take(block, 1, 0, 1, 0);
    core.give(block, allocator.taken.ordinals[0]!, 1);
  }
  const states = new BigInt64Array(memory.buffer);
  const now = stateOf(memory, block);
  // Of the lower half alone it would succeed.
  expect(BigInt.asIntN(32, now)).toBe(BigInt.asIntN(32, stale));
  expect(Atomics.compareExchange(states, rowOf(memory, block) / 2, stale, 0n)).toBe(now);
  expect(stateOf(memory, block)).toBe(now);
  expect(now - stale).toBe(2n ** 32n);
  expect(checkState(memory)).toEqual([]);
});

it("a thread that deletes an abandoned block does not delete it in its next life", () => {
  let step = 0;
  for (; ; step++) {
    const memory = smallMemory();
    const slow = new LockReducedAllocator(memory, 1);
    const other = new LockReducedAllocator(memory, 2);
    const dying = new LockReducedAllocator(memory, 3);
    const block = claimOne(slow);
    const ordinal = slow.taken.ordinals[0]!;
    slow.releaseBlock(0, block, false);
    let stateBefore = 0n;
    const run = () => {
      slow.releaseAddress(block, ordinal, NO_HANDLE);
    };
    const hasStalled = stallAt(step, run, () => {
      // The block is deleted and claimed anew, is in use, and about to lose its affinity and its use.
      other.releaseAddress(block, ordinal, NO_HANDLE);
      new BlockTable(memory, new AllocatorCore(memory, 2)).removeIfAbandoned(block);
      if (other.claimBlock(1, block) !== 0) return;
      other.assign(1, 60, 1, 0);
      const { words } = memory;
      for (let last = 0; ; last++) {
        const isDead = dieAt(last, () => {
          dying.releaseBlock(1, block, false);
        });
        expect(isDead).toBe(true);
        if ((words[rowOf(memory, block)]! & 3) === 1) break;
        words[memory.layout.nodesAt + (1 << NODE_SHIFT) + NodeWord.lock] = 0;
        words[rowOf(memory, block) + BlockWord.owner] = (2 << 3) | OwnerPhase.confirmed;
      }
      other.releaseByHandle(60);
      stateBefore = stateOf(memory, block);
    });
    if (!hasStalled) break;
    if (stateBefore === 0n) continue;
    // Whoever was giving it up is the one to go on with it.
    const owner = memory.words[rowOf(memory, block) + BlockWord.owner]!;
    expect({ step, phase: phaseOf(owner) }).toEqual({ step, phase: OwnerPhase.pendingDeletion });
    expect(ownerNodeOf(owner)).toBe(1);
    expect({ step, state: stateOf(memory, block) }).toEqual({ step, state: stateBefore });
  }
  expect(step).toBeGreaterThan(5);
});

it("states of a block without free addresses do not come back either", () => {
  const memory = smallMemory({
    reservations: [{ name: "r", cidrs: ["10.0.0.0/30"] }],
  });
  const allocator = new LockReducedAllocator(memory, 1);
  const seen = new Set<bigint>();
  for (let life = 0; life < 5; life++) {
    expect(allocator.claimBlock(0, 0)).toBe(0);
    seen.add(stateOf(memory, 0));
    allocator.releaseBlock(0, 0, true);
    seen.add(stateOf(memory, 0));
  }
  expect(seen.size).toBe(10);
  expect(checkState(memory)).toEqual([]);
});

it("the version of a node's list and the count of cleared bits go on beyond 32 bits", () => {
  const memory = smallMemory();
  const { words, layout } = memory;
  const version = layout.nodesAt + NodeWord.version;
  words[version] = -1;
  words[Header.cleared] = -1;
  const allocator = new LockReducedAllocator(memory, 1);
  claimOne(allocator);
  expect(wideCount(words, version)).toBe(2 ** 32);
  expect(wideCount(words, Header.cleared)).toBeGreaterThanOrEqual(2 ** 32);
});

it("attempts on a full handle table do not count it up", () => {
  const memory = smallMemory({ overflowCount: 1 });
  const core = new AllocatorCore(memory, 1);
  core.increment(0, 0, 1);
  core.increment(0, 1, 1);
  for (let i = 0; i < 10; i++) expect(() => core.increment(0, 2, 1)).toThrow("is full");
  expect(memory.words[Header.overflowUsed]).toBe(1);
});
