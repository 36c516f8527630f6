import { COOKED_HIGH_WORDS, COOKED_LOW_WORDS } from "./go-random-table.js";

/** Words of state, and the distance between the two that each step adds. */
const WORD_COUNT = 607;
const TAP_DISTANCE = 273;

/** Seeds are reduced modulo this Mersenne prime, which is also the modulus of the seeding LCG. */
const SEED_MODULUS = 2 ** 31 - 1;
const SEED_MULTIPLIER = 48271;
const SEED_STEPS_DISCARDED = 20;
/** Stands for a seed that reduces to 0, where the LCG would stay for ever. */
const SEED_INSTEAD_OF_ZERO = 89482311;

const TWO_POW_32 = 2 ** 32;
const TWO_POW_53 = 2 ** 53;

/** Quotient and remainder of modulus by multiplier. */
const SEED_QUOTIENT = 44488;
const SEED_REMAINDER = 3399;

/**
 * One step of the seeding LCG. Schrage's split of x keeps every product within 31 bits, for integer
 * arithmetic is several times faster here than the remainder of a 47-bit double.
 */
function nextSeed(x: number): number {
  const high = (x / SEED_QUOTIENT) | 0;
  const next = SEED_MULTIPLIER * (x - high * SEED_QUOTIENT) - SEED_REMAINDER * high;
  return next < 0 ? next + SEED_MODULUS : next;
}

function reduceSeed(seed: number | bigint): number {
  let x: number;
  if (typeof seed === "bigint") {
    x = Number(seed % BigInt(SEED_MODULUS));
  } else if (Number.isSafeInteger(seed)) {
    x = seed % SEED_MODULUS;
  } else {
    throw new RangeError(`a seed is a safe integer or a bigint, not ${seed}`);
  }
  if (x < 0) x += SEED_MODULUS;
  return x === 0 ? SEED_INSTEAD_OF_ZERO : x;
}

/**
 * The pseudo-random generator of Go's `math/rand` with `NewSource(seed)`: an additive lagged
 * Fibonacci generator, value n = value n-273 + value n-607 modulo 2^64
 * (`src/math/rand/rng.go@go1.22` of Go). Calico draws the first block of a host's walk from it.
 *
 * The 64-bit words are kept as two halves, so that no step needs a bigint.
 */
export class GoRandom {
  readonly #high = new Uint32Array(WORD_COUNT);
  readonly #low = new Uint32Array(WORD_COUNT);
  #tap = 0;
  #feed = WORD_COUNT - TAP_DISTANCE;

  /**
   * @param seed Go's int64 seed: a safe integer, or a bigint.
   * @throws RangeError when the seed is a number but not a safe integer.
   */
  constructor(seed: number | bigint) {
    let x = reduceSeed(seed);
    for (let i = 0; i < SEED_STEPS_DISCARDED; i++) x = nextSeed(x);
    for (let i = 0; i < WORD_COUNT; i++) {
      const a = nextSeed(x);
      const b = nextSeed(a);
      x = nextSeed(b);
      // The word a·2^40 xor b·2^20 xor x, each of them 31 bits wide, split at bit 32.
      this.#high[i] = (a << 8) ^ (b >>> 12) ^ COOKED_HIGH_WORDS[i]!;
      this.#low[i] = (b << 20) ^ x ^ COOKED_LOW_WORDS[i]!;
    }
  }

  /** The next value of Go's `Uint32()`: bits 31 to 62 of the next 64-bit word. */
  uint32(): number {
    const tap = this.#tap === 0 ? WORD_COUNT - 1 : this.#tap - 1;
    const feed = this.#feed === 0 ? WORD_COUNT - 1 : this.#feed - 1;
    this.#tap = tap;
    this.#feed = feed;
    const lowSum = this.#low[feed]! + this.#low[tap]!;
    const carry = lowSum >= TWO_POW_32 ? 1 : 0;
    const low = lowSum >>> 0;
    const high = (this.#high[feed]! + this.#high[tap]! + carry) >>> 0;
    this.#low[feed] = low;
    this.#high[feed] = high;
    return ((high << 1) | (low >>> 31)) >>> 0;
  }

  /**
   * A uniform number from 0 to n - 1, as Go's `big.Int.Rand` draws it on 64-bit machines: as many
   * bits as n has, drawn again until they are below n (`src/math/big/nat.go@go1.22` of Go). Nothing
   * is drawn for n = 0, whose result is 0.
   *
   * @param n An integer from 0 to 2^53 as number, or any non-negative bigint; the result is of the
   *   same type.
   * @throws RangeError when n is none of these.
   */
  drawIndex(n: number): number;
  drawIndex(n: bigint): bigint;
  drawIndex(n: number | bigint): number | bigint;
  drawIndex(n: number | bigint): number | bigint {
    return typeof n === "number" ? this.#drawNumber(n) : this.#drawBigInt(n);
  }

  #drawNumber(n: number): number {
    if (!Number.isInteger(n) || n < 0 || n > TWO_POW_53) {
      throw new RangeError(`a draw is below an integer from 0 to 2^53, not ${n}`);
    }
    if (n === 0) return 0;
    const highSpan = n < TWO_POW_32 ? 1 : 2 ** bitLength(Math.floor(n / TWO_POW_32));
    const lowMask = n < TWO_POW_32 ? 2 ** bitLength(n) - 1 : TWO_POW_32 - 1;
    for (;;) {
      // Both halves of the word are drawn, low half first, even if n needs one of them only.
      const low = (this.uint32() & lowMask) >>> 0;
      const high = this.uint32() % highSpan;
      const drawn = high * TWO_POW_32 + low;
      if (drawn < n) return drawn;
    }
  }

  #drawBigInt(n: bigint): bigint {
    if (n < 0n) throw new RangeError(`a draw is below a number from 0, not ${n}`);
    if (n === 0n) return 0n;
    const bits = n.toString(2).length;
    for (;;) {
      let drawn = 0n;
      for (let shift = 0; shift < bits; shift += 64) {
        const low = BigInt(this.uint32());
        const high = BigInt(this.uint32());
        drawn |= ((high << 32n) | low) << BigInt(shift);
      }
      // Only the top word has bits beyond those of n.
      drawn = BigInt.asUintN(bits, drawn);
      if (drawn < n) return drawn;
    }
  }
}

/** Bits of an integer from 1 to 2^32 - 1. */
function bitLength(value: number): number {
  return 32 - Math.clz32(value);
}
