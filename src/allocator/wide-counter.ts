/**
 * The value of a 64-bit counter, whose lower word is at `at`; the core's `countUp` counts it. 53 bits
 * of it can be told, which nothing counts to, so as a version it never comes back.
 */
export function wideCount(words: Int32Array, at: number): number {
  for (;;) {
    const high = Atomics.load(words, at + 1);
    const low = Atomics.load(words, at);
    // The upper word only grows, so with this one the lower was read.
    if (Atomics.load(words, at + 1) === high) return (high >>> 0) * 2 ** 32 + (low >>> 0);
  }
}
