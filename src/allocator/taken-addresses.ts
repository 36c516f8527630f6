import type { AllocatorMemory } from "./memory.js";
import { scratchOf, ScratchWord, TAKEN_MAX } from "./layout.js";

/** Where the operations of one thread put the addresses that they took; each begins anew. */
export class TakenAddresses {
  count = 0;
  readonly blocks: Int32Array;
  readonly ordinals: Int32Array;

  constructor({ words, layout }: AllocatorMemory, thread: number) {
    const at = scratchOf(layout, thread) + ScratchWord.taken;
    this.blocks = words.subarray(at, at + TAKEN_MAX);
    this.ordinals = words.subarray(at + TAKEN_MAX, at + 2 * TAKEN_MAX);
  }
}
