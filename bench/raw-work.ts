import { readFileSync } from "node:fs";
import loadWabt from "wabt";

/** Memory of the raw subjects, and code of the one in WebAssembly; plain data for the threads. */
export interface RawHandle {
  readonly memory: WebAssembly.Memory;
  readonly code: Uint8Array;
}

/** Words between what two threads write. */
const THREAD_WORDS = 64;
/** Bits that a thread holds, in words behind its bitmap: the oldest goes for each that comes. */
const HELD = 16;
const HELD_AT = 16;

/** The source stands beside this file; it is read from the folder that npm runs scripts in. */
export async function prepareRaw(): Promise<Omit<RawHandle, "memory">> {
  const wabt = await loadWabt();
  const parsed = wabt.parseWat("raw-pairs.wat", readFileSync("bench/raw-pairs.wat", "utf8"), {
    threads: true,
  });
  return { code: parsed.toBinary({}).buffer };
}

/** A memory for one run. */
export function rawMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
}

/** Sets a bit that is known and clears it: two atomic operations, the least that a pair can cost. */
export function rawAtomicPairs({ memory }: RawHandle, thread: number, pairs: number): () => void {
  const words = new Int32Array(memory.buffer);
  const at = thread * THREAD_WORDS;
  return () => {
    for (let i = 0; i < pairs; i++) {
      const word = at + (i & 31);
      const bit = 1 << ((i >> 5) & 31);
      Atomics.or(words, word, bit);
      Atomics.and(words, word, ~bit);
    }
  };
}

/** Finds a free bit, sets it and clears it, by a compare-and-swap each, in JavaScript. */
export function rawBitmapPairs({ memory }: RawHandle, thread: number, pairs: number): () => void {
  const words = new Int32Array(memory.buffer);
  const at = thread * THREAD_WORDS;
  return () => {
    for (let i = 0; i < pairs; i++) {
      const slot = at + HELD_AT + (i & (HELD - 1));
      let bit = words[slot]!;
      for (;;) {
        const word = words[at]!;
        if (Atomics.compareExchange(words, at, word, word & ~bit) === word) break;
      }
      for (;;) {
        const word = words[at]!;
        bit = ~word & (word + 1);
        if (Atomics.compareExchange(words, at, word, word | bit) === word) break;
      }
      words[slot] = bit;
    }
  };
}

/** The same in WebAssembly, whose atomic operations are instructions and not calls. */
export function wasmBitmapPairs({ memory, code }: RawHandle, thread: number, pairs: number) {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { memory: { memory } });
  const run = instance.exports["pairs"] as (at: number, pairs: number) => void;
  return (): void => {
    run(thread * THREAD_WORDS * 4, pairs);
  };
}

/** A mutex that nobody else wants, taken and given back around each half of a pair. */
export function rawMutexPairs({ memory }: RawHandle, thread: number, pairs: number): () => void {
  const words = new Int32Array(memory.buffer);
  const at = thread * THREAD_WORDS;
  return () => {
    for (let i = 0; i < 2 * pairs; i++) {
      if (Atomics.compareExchange(words, at, 0, 1) === 0) Atomics.store(words, at, 0);
    }
  };
}
