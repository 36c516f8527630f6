import { EnvironmentError } from "../failure/failure.js";
import { type CoreFunctions, instantiateCore } from "./core-module.js";
import { CoreResult } from "./core-result.js";
import { HANDLE_COUNT_MAX } from "./handle-table.js";
import { scratchOf, ScratchWord, TAKEN_MAX } from "./layout.js";
import type { AllocatorMemory } from "./memory.js";

/** Node to give to `take` when any block will do. */
export const ANY_NODE = -1;

/** Value of `held` of an ordinal that is held without a handle; handle h is h + 2. */
export const HELD_WITHOUT_HANDLE = 1;

/**
 * What assignments and releases do most: addresses taken from blocks and given back, and the counts of
 * handles, in WebAssembly (core.wat), because each `Atomics` function is a call in V8 and an atomic
 * instruction is not, and makes an object of each word of 64 bits. What it says of a block's space has to
 * be told the block's bit by the caller.
 *
 * An address is taken by one compare-and-swap of the block's state. It is returned by two: of the
 * slot behind the tail, then of the state, which counts the slot in; a thread that finds a filled
 * slot not counted in does that for the other one. No step waits for another thread: whatever a
 * thread was doing when it stopped for ever, the others go on.
 */
export class AllocatorCore {
  readonly #functions: CoreFunctions;
  readonly #words: Int32Array;
  readonly #scratch: number;
  readonly #overflowCount: number;

  /** @param thread number of this thread; 0 while no thread is at work. */
  constructor({ handle, words, layout }: AllocatorMemory, thread: number) {
    const scratch = scratchOf(layout, thread);
    const taken = scratch + ScratchWord.taken;
    this.#words = words;
    this.#scratch = scratch;
    this.#overflowCount = layout.overflowCount;
    this.#functions = instantiateCore({
      memory: { memory: handle.memory },
      places: {
        nodes: layout.nodesAt * 4,
        blocks: layout.blocksAt * 4,
        handles: layout.handlesAt * 4,
        overflow: layout.overflowAt * 4,
        scratch: scratch * 4,
        takenBlocks: taken,
        takenOrdinals: taken + TAKEN_MAX,
      },
      sizes: { blockCount: layout.blockCount, overflowCount: layout.overflowCount },
    });
  }

  /** Forgets the failed compare-and-swaps of the operation before. */
  begin(): void {
    this.#words[this.#scratch + ScratchWord.retries] = 0;
  }

  /** Compare-and-swaps that failed since `begin`. */
  get retries(): number {
    return this.#words[this.#scratch + ScratchWord.retries]!;
  }

  /** The block that the last `releaseOne` was about. */
  get releasedBlock(): number {
    return this.#words[this.#scratch + ScratchWord.block]!;
  }

  /**
   * Takes up to `wanted` ordinals from the front of a block's ring to the thread's taken addresses,
   * from place `first` on, and notes who holds them.
   *
   * @param node the node that must own the block, or `ANY_NODE`.
   * @param holder value for the `held` table.
   * @returns how many, plus `emptied`; or `notOwned`; or `gaveUp`.
   */
  take(block: number, wanted: number, node: number, holder: number, first: number): number {
    return this.#functions.take(block, wanted, node, holder, first);
  }

  /**
   * Takes an ordinal from its holder and returns it to the end of the ring.
   *
   * @returns 0 when it is not held by this holder (any more); else 1, or `space`.
   */
  give(block: number, ordinal: number, holder: number): number {
    return this.#functions.give(block, ordinal, holder);
  }

  /**
   * Makes an empty block dead that has these flags (`LIVE`, `OWNED`) and this owner word.
   *
   * @returns whether it was so, and is dead now.
   */
  close(block: number, flags: number, owner: number): boolean {
    return this.#functions.close(block, flags, owner) === 1;
  }

  /** Takes the mark of an affinity off a state, so that nobody takes the block for an owned one. */
  disown(block: number): void {
    this.#functions.disown(block);
  }

  /** Writes both halves of a state at once; only of a block that nobody else may write to. */
  setState(block: number, low: number, high: number): void {
    this.#functions.setState(block, low, high);
  }

  /** Counts a 64-bit counter up, whose lower word this is. */
  countUp(word: number): void {
    this.#functions.countUp(word);
  }

  /**
   * Counts a handle up.
   *
   * @throws EnvironmentError when the table of further entries is full.
   * @throws RangeError when the count does not fit.
   */
  increment(handle: number, block: number, more: number): void {
    const end = this.#functions.increment(handle, block, more);
    if (end === CoreResult.tableFull) {
      const room = `${this.#overflowCount} entries beyond the first of a handle`;
      throw new EnvironmentError(`the handle table is full: ${room}`);
    }
    if (end === CoreResult.tooMany) {
      const limit = `more than ${HANDLE_COUNT_MAX} addresses in a block`;
      throw new RangeError(`handle ${handle} counts ${limit}`);
    }
  }

  /** Counts a handle down, by less when it counts less; an entry that reaches 0 is gone. */
  decrement(handle: number, block: number, fewer: number): void {
    this.#functions.decrement(handle, block, fewer);
  }

  /**
   * Assigns one address from a node's own blocks, in storage order.
   *
   * @param handle number of a handle, or `NO_HANDLE`.
   * @returns `done` or `emptied`; or `elsewhere`, with nothing assigned.
   */
  assignOne(node: number, handle: number): number {
    return this.#functions.assignOne(node, handle);
  }

  /**
   * Releases the address of a handle that has one.
   *
   * @returns flags `space` and `unusual`; or `elsewhere`, with nothing released.
   */
  releaseOne(handle: number): number {
    return this.#functions.releaseOne(handle);
  }
}
