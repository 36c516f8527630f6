// One thread of the concurrent check: random operations on the built allocators, each recorded.
import { URL } from "node:url";
import { workerData } from "node:worker_threads";
import seedrandom from "seedrandom";

const { dist, job } = workerData;
const load = (file) => import(new URL(file, dist).href);

// Not at the top level: V8 of Node 20 ends the whole process when a thread is killed in a module that
// awaits there (as in nodejs/node#43182), and the check kills threads at any moment.
async function run() {
  const { AllocatorMemory } = await load("allocator/memory.js");
  const { CoarseLockAllocator } = await load("allocator/coarse-lock.js");
  const { LockReducedAllocator } = await load("allocator/lock-reduced.js");
  const { ThreadTable } = await load("allocator/thread-table.js");

  const { kind, thread, operations, nodes, handlesEach, recordWords, isGivingUp } = job;
  const memory = AllocatorMemory.attach(job.memory);
  const threads = new ThreadTable(memory.words, memory.layout);
  const Kind = kind === "coarse-lock" ? CoarseLockAllocator : LockReducedAllocator;
  const allocator = new Kind(memory, thread);
  const clock = new Int32Array(job.clock);
  const records = new Int32Array(job.records);
  const random = seedrandom.alea(`history/${job.seed}/${thread}`);
  const draw = (below) => Math.floor(random() * below);
  const firstHandle = (thread - 1) * handlesEach;
  /** Where the addresses of this thread's handles are. */
  const held = Array.from({ length: handlesEach }, () => undefined);
  let at = 0;

  function note(what, block, ordinal, handle, begin, end) {
    if (recordWords === 0) return;
    records.set([what, block, ordinal, handle, begin, end], at);
    at += recordWords;
  }

  threads.enter(thread);
  Atomics.add(clock, 1, 1);
  while (Atomics.load(clock, 1) < job.threads) Atomics.wait(clock, 1, Atomics.load(clock, 1), 5);
  for (let i = 0; i < operations; i++) {
    const slot = draw(handlesEach);
    const handle = firstHandle + slot;
    const place = held[slot];
    if (isGivingUp && draw(50) === 0) {
      allocator.releaseBlock(draw(nodes), draw(memory.layout.blockCount), draw(2) === 0);
    }
    const begin = Atomics.add(clock, 0, 1);
    if (place === undefined) {
      const node = draw(nodes);
      const status = allocator.assign(node, handle, 1, 0);
      const end = Atomics.add(clock, 0, 1);
      for (let c = 0; c < allocator.claimedCount; c++) {
        note(3, allocator.claimed[c], node, -1, begin, end);
      }
      if (status !== 0) continue;
      const block = allocator.taken.blocks[0];
      const ordinal = allocator.taken.ordinals[0];
      note(1, block, ordinal, handle, begin, end);
      held[slot] = { block, ordinal };
    } else {
      // By handle and by address in turn.
      const status =
        draw(2) === 0
          ? allocator.releaseByHandle(handle)
          : allocator.releaseAddress(place.block, place.ordinal, handle);
      const end = Atomics.add(clock, 0, 1);
      if (status !== 0) throw new Error(`release of handle ${handle}: status ${status}`);
      note(2, place.block, place.ordinal, handle, begin, end);
      held[slot] = undefined;
    }
  }
  threads.leave(thread);
}

void run();
