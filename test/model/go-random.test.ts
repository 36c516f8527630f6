import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GoRandom } from "../../src/model/go-random.js";
import { COOKED_HIGH_WORDS, COOKED_LOW_WORDS } from "../../src/model/go-random-table.js";

const WORDS = 607;
const TAP = 273;

/**
 * Derives Go's table from its definition (`src/math/rand/gen_cooked.go@go1.22` of Go): the state of
 * the generator after 7.8e12 values from seed 1. The recurrence is linear, so the values of that
 * time are combinations of the first ones, with the coefficients of t^7.8e12 modulo
 * t^607 - t^334 - 1.
 */
function deriveTable(): bigint[] {
  const valuesDrawn = 7_800_000_000_000n;
  const first = firstValues(2 * WORDS - 1);
  const coefficients = powerOfT(valuesDrawn);
  const table = new Array<bigint>(WORDS);
  for (let j = 0; j < WORDS; j++) {
    let value = 0n;
    for (let i = 0; i < WORDS; i++) value += coefficients[i]! * first[i + j]!;
    const drawn = Number((valuesDrawn - BigInt(WORDS - j)) % BigInt(WORDS));
    table[wordOf(drawn)] = BigInt.asUintN(64, value);
  }
  return table;
}

/** The word that value number n (modulo the number of words) is written to. */
function wordOf(n: number): number {
  return (WORDS - TAP - 1 - n + WORDS) % WORDS;
}

/** The start state in the order in which it is used up, continued by the recurrence. */
function firstValues(count: number): bigint[] {
  let x = 1n;
  const step = () => (x = (x * 48271n) % 2147483647n);
  for (let i = 0; i < 20; i++) step();
  const words = Array.from({ length: WORDS }, () => (step() << 20n) ^ (step() << 10n) ^ step());
  const values = Array.from({ length: WORDS }, (_, n) => words[wordOf(n)]!);
  for (let n = WORDS; n < count; n++) {
    values.push(BigInt.asUintN(64, values[n - TAP]! + values[n - WORDS]!));
  }
  return values;
}

/** Coefficients of t^exponent modulo t^607 - t^334 - 1, each modulo 2^64. */
function powerOfT(exponent: bigint): bigint[] {
  let power: bigint[] = [1n];
  for (const bit of exponent.toString(2)) {
    power = reduce(square(power));
    if (bit === "1") power = reduce([0n, ...power]);
  }
  return power;
}

/** One big product: the coefficients stand side by side in slots wide enough for their sums. */
function square(coefficients: readonly bigint[]): bigint[] {
  const slotHexDigits = 36;
  const slots = coefficients.map((value) => value.toString(16).padStart(slotHexDigits, "0"));
  const packed = BigInt(`0x${slots.reverse().join("")}`);
  const length = 2 * coefficients.length - 1;
  const text = (packed * packed).toString(16).padStart(length * slotHexDigits, "0");
  return Array.from({ length }, (_, i) => {
    const end = text.length - i * slotHexDigits;
    return BigInt.asUintN(64, BigInt(`0x${text.slice(end - slotHexDigits, end)}`));
  });
}

/** Replaces t^607 by t^334 + 1 until the degree is below 607. */
function reduce(coefficients: readonly bigint[]): bigint[] {
  const reduced = coefficients.slice();
  for (let k = reduced.length - 1; k >= WORDS; k--) {
    reduced[k - TAP]! += reduced[k]!;
    reduced[k - WORDS]! += reduced[k]!;
  }
  return reduced.slice(0, WORDS).map((value) => BigInt.asUintN(64, value));
}

const word = (i: number) => (BigInt(COOKED_HIGH_WORDS[i]!) << 32n) | BigInt(COOKED_LOW_WORDS[i]!);

describe("the table of Go's generator", () => {
  test.each([
    [0, 0xc5f74a33eb98ffean],
    [1, 0xc07b4a41ba965f5bn],
    [606, 0x39a00a3a31c025c6n],
  ])("word %i is as in rng.go", (i, expected) => {
    expect(word(i)).toBe(expected);
  });

  test("all 607 words follow from the definition", { timeout: 60_000 }, () => {
    const table = Array.from({ length: WORDS }, (_, i) => word(i));
    expect(COOKED_HIGH_WORDS).toHaveLength(WORDS);
    expect(COOKED_LOW_WORDS).toHaveLength(WORDS);
    expect(deriveTable()).toEqual(table);
  });
});

/** The generator and `big.Int.Rand` in bigints, word for word as Go documents them. */
class SlowGoRandom {
  readonly #words: bigint[];
  #tap = 0;
  #feed = WORDS - TAP;
  drawnCount = 0;

  constructor(seed: bigint) {
    const modulus = 2147483647n;
    let x = ((seed % modulus) + modulus) % modulus || 89482311n;
    const step = () => (x = (x * 48271n) % modulus);
    for (let i = 0; i < 20; i++) step();
    this.#words = Array.from(
      { length: WORDS },
      (_, i) => (step() << 40n) ^ (step() << 20n) ^ step() ^ word(i),
    );
  }

  uint32(): bigint {
    this.drawnCount++;
    this.#tap = (this.#tap + WORDS - 1) % WORDS;
    this.#feed = (this.#feed + WORDS - 1) % WORDS;
    const sum = BigInt.asUintN(64, this.#words[this.#feed]! + this.#words[this.#tap]!);
    this.#words[this.#feed] = sum;
    return BigInt.asUintN(63, sum) >> 31n;
  }

  draw(n: bigint): bigint {
    if (n === 0n) return 0n;
    const bits = n.toString(2).length;
    for (;;) {
      const words = Array.from(
        { length: Math.ceil(bits / 64) },
        () => this.uint32() | (this.uint32() << 32n),
      );
      const top = words.length - 1;
      words[top] = BigInt.asUintN(bits - 64 * top, words[top]!);
      const value = words.reduceRight((sum, part) => (sum << 64n) | part, 0n);
      if (value < n) return value;
    }
  }
}

describe("uint32", () => {
  test("seed 1 gives the values known of Go", () => {
    const random = new GoRandom(1);
    const values = [5577006791947779410n, 8674665223082153551n, 6129484611666145821n];
    for (const value of values) expect(BigInt(random.uint32())).toBe(value >> 31n);
  });

  test("the seed of host node-0 gives the values known of Go", () => {
    const random = new GoRandom(0x21df10a6);
    const values = Array.from({ length: 6 }, () => random.uint32());
    expect(values).toEqual([659842403, 885528476, 3798277495, 2205746589, 742550625, 3743825806]);
  });

  test("agrees with 64-bit arithmetic over several rounds of the state", () => {
    const random = new GoRandom(42);
    const slow = new SlowGoRandom(42n);
    for (let i = 0; i < 3 * WORDS; i++) expect(BigInt(random.uint32())).toBe(slow.uint32());
  });

  test.each<[string, number | bigint, number | bigint]>([
    ["zero stands for a fixed seed", 0, 89482311],
    ["the modulus counts as zero", 2 ** 31 - 1, 0],
    ["a negative seed", -5, 2 ** 31 - 6],
    ["a negative bigint seed", -5n, 2 ** 31 - 6],
    ["nanoseconds as bigint", 1_700_000_000_123_456_789n, 1_700_000_000_123_456_789n % 2147483647n],
  ])("%s", (_, seed, same) => {
    const [a, b] = [new GoRandom(seed), new GoRandom(same)];
    for (let i = 0; i < 5; i++) expect(a.uint32()).toBe(b.uint32());
  });

  test.each([1.5, Number.NaN, 2 ** 53])("seed %d is refused", (seed) => {
    expect(() => new GoRandom(seed)).toThrow(RangeError);
  });
});

describe("drawIndex", () => {
  /** How many values the generator gave: found by looking for the next ones in a fresh one. */
  function countDrawn(used: GoRandom, seed: number): number {
    const next = [used.uint32(), used.uint32()];
    const fresh = new GoRandom(seed);
    let previous = fresh.uint32();
    for (let count = 0; count < 1000; count++) {
      const value = fresh.uint32();
      if (previous === next[0] && value === next[1]) return count;
      previous = value;
    }
    throw new Error("the values were not found");
  }

  test.each<[string, number | bigint, number | bigint, number]>([
    ["10.0.0.0/24 by /26", 4, 3, 2],
    ["10.244.0.0/16 by /26", 1024, 159, 8],
    ["10.0.0.0/8 by /26", 262144, 158817, 6],
    ["10.0.0.0/26 by /26", 1, 0, 10],
    ["fd00::/48 by /122", 2n ** 74n, 2949111917119252098145n, 8],
    ["a pool without blocks", 0, 0, 0],
    ["a pool without blocks, as bigint", 0n, 0n, 0],
  ])("host node-0, %s", (_, blockCount, index, drawn) => {
    const random = new GoRandom(0x21df10a6);
    expect(random.drawIndex(blockCount)).toBe(index);
    expect(countDrawn(random, 0x21df10a6)).toBe(drawn);
  });

  const limits = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 122n }),
    fc
      .tuple(fc.integer({ min: 0, max: 122 }), fc.integer({ min: -1, max: 1 }))
      .map(([bits, offset]) => 2n ** BigInt(bits) + BigInt(offset)),
  );

  test("agrees with big.Int.Rand, as number and as bigint, drawing equally often", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), limits, (seed, n) => {
        const slow = new SlowGoRandom(seed);
        const expected = slow.draw(n);
        const next = slow.uint32();
        const asBigInt = new GoRandom(seed);
        expect(asBigInt.drawIndex(n)).toBe(expected);
        expect(BigInt(asBigInt.uint32())).toBe(next);
        if (n <= 2n ** 53n) {
          const asNumber = new GoRandom(seed);
          expect(BigInt(asNumber.drawIndex(Number(n)))).toBe(expected);
          expect(BigInt(asNumber.uint32())).toBe(next);
        }
      }),
      { numRuns: 200 },
    );
  });

  test.each([-1, -1n, 1.5, Number.NaN, 2 ** 54])("a draw below %s is refused", (n) => {
    expect(() => new GoRandom(1).drawIndex(n)).toThrow(RangeError);
  });
});
