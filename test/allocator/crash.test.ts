import { describe, expect, it, vi } from "vitest";
import { type Allocator, AssignStatus, NO_HANDLE } from "../../src/allocator/allocator.js";
import { CoarseLockAllocator } from "../../src/allocator/coarse-lock.js";
import { LockReducedAllocator } from "../../src/allocator/lock-reduced.js";
import type { AllocatorMemory } from "../../src/allocator/memory.js";
import { repair } from "../../src/allocator/repair.js";
import { snapshotOf } from "../../src/allocator/snapshot.js";
import { checkState } from "../../src/allocator/state-check.js";
import { DeadHolder, ThreadTable } from "../../src/allocator/thread-table.js";
import { Death, dieAt } from "./death.js";
import { smallMemory } from "./small-memory.js";

vi.mock("../../src/allocator/core-module.js", async () => {
  const { steppingCore } = await import("./stepping-core.js");
  return { instantiateCore: await steppingCore() };
});

const SURVIVOR = 1;
const VICTIM = 2;

type Make = (memory: AllocatorMemory, thread: number) => Allocator;

const KINDS: readonly (readonly [string, Make])[] = [
  ["coarse-lock", (memory, thread) => new CoarseLockAllocator(memory, thread)],
  ["lock-reduced", (memory, thread) => new LockReducedAllocator(memory, thread)],
];

/** What the victim is about when it dies, after the survivor has set the scene. */
const SCENES: readonly {
  readonly name: string;
  before(survivor: Allocator): void;
  victim(allocator: Allocator): void;
}[] = [
  {
    name: "claims a block and takes from it",
    before: () => undefined,
    victim: (allocator) => allocator.assign(0, 50, 1, 0),
  },
  {
    name: "takes the last address of a block, and claims another",
    before: (survivor) => survivor.assign(0, 1, 3, 0),
    victim: (allocator) => allocator.assign(0, 50, 2, 0),
  },
  {
    name: "borrows",
    before: (survivor) => {
      for (let block = 0; block < 16; block++) survivor.claimBlock(1, block);
      survivor.assign(1, 1, 2, 0);
    },
    victim: (allocator) => allocator.assign(0, 50, 3, 0),
  },
  {
    name: "releases by handle",
    before: (survivor) => {
      survivor.assign(0, 50, 6, 0);
      survivor.assign(0, 1, 2, 0);
    },
    victim: (allocator) => allocator.releaseByHandle(50),
  },
  {
    name: "releases the last address of a block without affinity",
    before: (survivor) => {
      survivor.assign(0, 50, 1, 0);
      const [block] = survivor.taken.blocks;
      survivor.releaseBlock(0, block!, false);
      survivor.assign(1, 1, 1, 0);
    },
    victim: (allocator) => allocator.releaseByHandle(50),
  },
  {
    name: "gives an empty block up",
    before: (survivor) => survivor.claimBlock(0, 3),
    victim: (allocator) => allocator.releaseBlock(0, 3, true),
  },
  {
    name: "gives a block in use up",
    before: (survivor) => {
      survivor.claimBlock(0, 3);
      survivor.assign(0, 1, 2, 0);
    },
    victim: (allocator) => allocator.releaseBlock(0, 3, false),
  },
];

/** Addresses by the handles that hold them. */
function holdersOf(memory: AllocatorMemory): Map<string, number> {
  const holders = new Map<string, number>();
  for (const { cidr, held } of snapshotOf(memory).blocks) {
    for (const [ordinal, handle] of held) holders.set(`${cidr} ${ordinal}`, handle);
  }
  return holders;
}

/** The survivor goes on; it may find that a dead thread holds what it needs, and nothing else. */
function goOn(survivor: Allocator): boolean {
  try {
    for (let node = 0; node < 4; node++) survivor.assign(node, 60 + node, 1, 0);
    for (let node = 0; node < 4; node++) survivor.releaseByHandle(60 + node);
    return true;
  } catch (error) {
    if (!(error instanceof DeadHolder)) throw error;
    expect(error.thread).toBe(VICTIM);
    return false;
  }
}

describe.each(KINDS)("%s: a thread that dies at any atomic step", (kind, make) => {
  it.each(SCENES)("while it $name leaves what can be repaired", ({ before, victim }) => {
    let step = 0;
    let reported = 0;
    for (; ; step++) {
      const memory = smallMemory();
      const threads = new ThreadTable(memory.words, memory.layout);
      threads.enter(SURVIVOR);
      threads.enter(VICTIM);
      const survivor = make(memory, SURVIVOR);
      const dying = make(memory, VICTIM);
      before(survivor);
      const kept = [...holdersOf(memory)].filter(([, handle]) => handle < 50);
      const isDead = dieAt(step, () => {
        victim(dying);
      });
      if (!isDead) break;
      threads.markDead(VICTIM);
      if (!goOn(survivor)) reported++;
      repair(memory);
      expect({ step, findings: checkState(memory) }).toEqual({ step, findings: [] });
      const holders = holdersOf(memory);
      for (const [address, handle] of kept) expect(holders.get(address)).toBe(handle);
      expect(goOn(survivor)).toBe(true);
      // Every address that is not held can be had: nothing was lost.
      const free = 64 - holdersOf(memory).size;
      let had = 0;
      for (let node = 0; node < 4; node++) {
        while (survivor.assign(node, NO_HANDLE, 1, 0) === AssignStatus.complete) had++;
      }
      expect(had).toBe(free);
      expect(checkState(memory)).toEqual([]);
    }
    expect(step).toBeGreaterThan(2);
    if (kind === "coarse-lock") expect(reported).toBeGreaterThan(0);
  });
});

it("a death is told from other errors", () => {
  expect(() =>
    dieAt(100, () => {
      throw new RangeError("other");
    }),
  ).toThrow(RangeError);
  expect(dieAt(0, () => Atomics.load(new Int32Array(1), 0))).toBe(true);
  expect(new Death()).toBeInstanceOf(Error);
});
