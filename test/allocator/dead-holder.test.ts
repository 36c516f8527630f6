import { describe, expect, it } from "vitest";
import { NO_HANDLE } from "../../src/allocator/allocator.js";
import { CoarseLockAllocator } from "../../src/allocator/coarse-lock.js";
import { CoarseMutex } from "../../src/allocator/coarse-mutex.js";
import { BlockTable } from "../../src/allocator/block-table.js";
import { AllocatorCore } from "../../src/allocator/core.js";
import { LockReducedAllocator } from "../../src/allocator/lock-reduced.js";
import type { AllocatorMemory } from "../../src/allocator/memory.js";
import { NodeTable } from "../../src/allocator/node-table.js";
import { DeadHolder, ThreadTable } from "../../src/allocator/thread-table.js";
import { smallMemory } from "./small-memory.js";

const WAITING = 1;
const HOLDING = 2;

function threadsOf({ words, layout }: AllocatorMemory): ThreadTable {
  const threads = new ThreadTable(words, layout);
  threads.enter(WAITING);
  threads.enter(HOLDING);
  return threads;
}

describe("a thread that died is reported, not waited for", () => {
  it("when it holds the coarse lock", () => {
    const memory = smallMemory();
    const threads = threadsOf(memory);
    expect(new CoarseMutex(memory.words, threads, HOLDING).tryLock()).toBe(true);
    threads.markDead(HOLDING);
    const allocator = new CoarseLockAllocator(memory, WAITING);
    const assign = () => allocator.assign(0, NO_HANDLE, 1, 0);
    expect(assign).toThrow(new DeadHolder(HOLDING, "the coarse lock"));
  });

  it("when it holds the list of a node, by those who need that list alone", () => {
    const memory = smallMemory();
    const threads = threadsOf(memory);
    const core = new AllocatorCore(memory, HOLDING);
    new NodeTable(memory, core, new BlockTable(memory, core), threads, HOLDING).lock(0);
    threads.markDead(HOLDING);
    const allocator = new LockReducedAllocator(memory, WAITING);
    expect(() => allocator.assign(0, NO_HANDLE, 1, 0)).toThrow(
      new DeadHolder(HOLDING, "the list of node 0"),
    );
    expect(allocator.assign(1, NO_HANDLE, 1, 0)).toBe(0);
  });

  it("but one that has left is no dead holder", () => {
    const memory = smallMemory();
    const threads = threadsOf(memory);
    threads.leave(HOLDING);
    threads.markDead(HOLDING);
    expect(() => {
      threads.checkAlive(HOLDING, "anything");
    }).not.toThrow();
  });
});
