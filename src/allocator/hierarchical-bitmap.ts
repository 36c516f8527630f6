/**
 * A set of small numbers that is searched in constant time, shared by threads. Level 0 has a bit a
 * number; a bit of level n + 1 says whether a word of level n has any bit:
 *
 *     level 1  |...........1.|
 *                          |
 *     level 0  |0..0|0..0|0..1..0|      131,072 numbers: 4,096 words, 128, 4, 1
 *
 * Who empties a word clears its bit above and then looks at the word again, setting the bit again if
 * the word has got one meanwhile. So once nothing is under way every level is right; while a clear is
 * under way a search may miss a number. The owner of the bitmap counts clears that are under way.
 */
export class HierarchicalBitmap {
  readonly #levelAt: readonly number[];
  readonly #levelWords: readonly number[];

  /** Words that a set of numbers below `size` takes. */
  static wordsFor(size: number): number {
    return levelSizes(size).reduce((sum, words) => sum + words, 0);
  }

  constructor(
    private readonly words: Int32Array,
    at: number,
    readonly size: number,
  ) {
    let next = at;
    this.#levelWords = levelSizes(size);
    this.#levelAt = this.#levelWords.map((length) => {
      const levelAt = next;
      next += length;
      return levelAt;
    });
  }

  has(number: number): boolean {
    const word = Atomics.load(this.words, this.#levelAt[0]! + (number >> 5));
    return ((word >>> (number & 31)) & 1) === 1;
  }

  set(number: number): void {
    this.#setFrom(0, number);
  }

  #setFrom(level: number, number: number): void {
    let index = number;
    for (let i = level; i < this.#levelAt.length; i++) {
      const before = Atomics.or(this.words, this.#levelAt[i]! + (index >> 5), 1 << (index & 31));
      if (before !== 0) return;
      index >>= 5;
    }
  }

  clear(number: number): void {
    let index = number;
    for (let level = 0; level < this.#levelAt.length; level++) {
      const word = this.#levelAt[level]! + (index >> 5);
      const bit = 1 << (index & 31);
      const before = Atomics.and(this.words, word, ~bit);
      if (level > 0 && Atomics.load(this.words, this.#levelAt[level - 1]! + index) !== 0) {
        this.#setFrom(level, index);
        return;
      }
      if ((before & ~bit) !== 0) return;
      index >>= 5;
    }
  }

  /** Whether every bit above says what is below it; only while no thread is at work. */
  isConsistent(): boolean {
    for (let level = 1; level < this.#levelAt.length; level++) {
      for (let index = 0; index < this.#levelWords[level - 1]!; index++) {
        const bit = (this.words[this.#levelAt[level]! + (index >> 5)]! >>> (index & 31)) & 1;
        if ((this.words[this.#levelAt[level - 1]! + index] !== 0) !== (bit === 1)) return false;
      }
    }
    return true;
  }

  /** The smallest number from `from` on and below `end`, or -1. */
  next(from: number, end: number): number {
    let start = from;
    while (start < end) {
      const found = this.#search(start);
      if (found === -1 || found >= end) return -1;
      if (found >= 0) return found;
      // A bit above stood for an empty word: a clear is under way there.
      start = -found;
    }
    return -1;
  }

  /** The smallest number from `from` on; -1 if there is none; -n to go on searching from n. */
  #search(from: number): number {
    const { words } = this;
    let level = 0;
    let index = from;
    for (;;) {
      if (index >> 5 >= this.#levelWords[level]!) return -1;
      const word = Atomics.load(words, this.#levelAt[level]! + (index >> 5)) & (-1 << (index & 31));
      if (word !== 0) {
        index = (index & ~31) | lowestBit(word);
        break;
      }
      index = (index >> 5) + 1;
      level++;
      if (level === this.#levelAt.length) return -1;
    }
    while (level > 0) {
      level--;
      const word = Atomics.load(words, this.#levelAt[level]! + index);
      if (word === 0) return -((index + 1) << (5 * (level + 1)));
      index = (index << 5) | lowestBit(word);
    }
    return index;
  }
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** Words of each level; the last level is one word. */
function levelSizes(size: number): number[] {
  const sizes: number[] = [];
  let bits = Math.max(1, size);
  do {
    bits = Math.ceil(bits / 32);
    sizes.push(bits);
  } while (bits > 1);
  return sizes;
}
