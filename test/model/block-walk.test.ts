import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AddressNumber, addressBits, parseAddress } from "../../src/model/address.js";
import {
  BlockGeometry,
  type BlockIndex,
  type BlockWalk,
  fnv1Hash32,
} from "../../src/model/block-walk.js";
import { Cidr } from "../../src/model/cidr.js";

const geometry = (pool: string, blockSize: number) => new BlockGeometry(Cidr.of(pool), blockSize);
const noClock = () => {
  throw new Error("the clock was read");
};

/** At most this many blocks of a walk, as text. */
function firstBlocks(walk: BlockWalk, limit: number): string[] {
  const texts: string[] = [];
  for (let cidr = walk.next(); cidr !== undefined && texts.length < limit; cidr = walk.next()) {
    texts.push(cidr.text);
  }
  return texts;
}

describe("fnv1Hash32", () => {
  test.each([
    ["", 0x811c9dc5],
    ["node-0", 0x21df10a6],
    ["節點-1", 0xc9674aa7],
  ])("of %j", (text, hash) => {
    expect(fnv1Hash32(text)).toBe(hash);
  });
});

interface BlockStart {
  readonly pool: string;
  readonly blockSize: number;
  readonly host: string;
  readonly firstBlocks: readonly string[];
}

describe("first blocks recorded from Calico v3.28.4", () => {
  const recording = new URL("../fixtures/golden/block-starts.jsonl.gz", import.meta.url);
  const rows = gunzipSync(readFileSync(recording))
    .toString("utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as BlockStart);

  test("are 1,246 rows", () => {
    expect(rows).toHaveLength(1246);
  });

  test("are the first blocks of the walk, row for row", () => {
    for (const row of rows) {
      const walk = geometry(row.pool, row.blockSize).walk(row.host, noClock);
      expect({ ...row, firstBlocks: firstBlocks(walk, 3) }).toEqual(row);
    }
  });

  test("stay the same when all hosts share the geometry of a pool", () => {
    const shared = new Map<string, BlockGeometry>();
    for (let round = 0; round < 2; round++) {
      for (const row of rows) {
        const key = `${row.pool} by ${row.blockSize}`;
        const blocks = shared.get(key) ?? geometry(row.pool, row.blockSize);
        shared.set(key, blocks);
        expect(firstBlocks(blocks.walk(row.host, noClock), 3)).toEqual(row.firstBlocks);
      }
    }
    expect(shared.size).toBeLessThan(rows.length);
  });
});

describe("BlockGeometry", () => {
  test.each<[string, number, BlockIndex]>([
    ["10.0.0.0/8", 26, 262144],
    ["10.0.0.0/26", 26, 1],
    ["10.0.0.0/27", 26, 0],
    ["10.0.0.0/24", 32, 256],
    ["0.0.0.0/0", 32, 2 ** 32],
    ["fd00::/112", 122, 1024],
    ["fd00::/69", 122, 2 ** 53],
    ["fd00::/68", 122, 2n ** 54n],
    ["fd00::/8", 122, 2n ** 114n],
    ["::/0", 128, 2n ** 128n],
  ])("%s has by /%d %s blocks", (pool, blockSize, blockCount) => {
    expect(geometry(pool, blockSize).blockCount).toBe(blockCount);
  });

  test.each<[string, number, BlockIndex, string]>([
    ["10.0.0.0/24", 26, 3, "10.0.0.192/26"],
    ["0.0.0.0/0", 32, 2 ** 32 - 1, "255.255.255.255/32"],
    ["10.0.0.0/8", 30, 2 ** 22 - 1, "10.255.255.252/30"],
    ["fd00::/112", 122, 1, "fd00::40/122"],
    ["fd00::/69", 122, 2 ** 53 - 1, "fd00:0:0:0:7ff:ffff:ffff:ffc0/122"],
    ["fd00::/8", 122, 2n ** 114n - 1n, "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffc0/122"],
  ])("block of %s by /%d at %s", (pool, blockSize, index, text) => {
    const blocks = geometry(pool, blockSize);
    const block = blocks.blockAt(index);
    expect(block.text).toBe(Cidr.of(text).text);
    expect(blocks.blockContaining(block.base)?.text).toBe(block.text);
  });

  test("hands out one and the same network for an index", () => {
    const blocks = geometry("10.0.0.0/16", 26);
    expect(blocks.blockAt(7)).toBe(blocks.blockAt(7));
    expect(blocks.blockContaining(parseAddress("10.0.1.255")!)).toBe(blocks.blockAt(7));
    expect(blocks.walkFrom(6).at(1)).toBe(blocks.blockAt(7));
  });

  test.each<[string, number, BlockIndex]>([
    ["10.0.0.0/24", 26, 4],
    ["10.0.0.0/24", 26, -1],
    ["10.0.0.0/24", 26, 0.5],
    ["10.0.0.0/24", 26, Number.NaN],
    ["10.0.0.0/24", 26, 0n],
    ["10.0.0.0/27", 26, 0],
    ["fd00::/8", 122, 0],
    ["fd00::/8", 122, 2n ** 114n],
    ["fd00::/8", 122, -1n],
  ])("%s by /%d has no block %s", (pool, blockSize, index) => {
    const blocks = geometry(pool, blockSize);
    expect(() => blocks.blockAt(index)).toThrow(RangeError);
    if (blocks.blockCount !== 0) expect(() => blocks.walkFrom(index)).toThrow(RangeError);
  });

  test.each<[string, number, string, string | undefined]>([
    ["10.0.0.0/24", 26, "10.0.0.65", "10.0.0.64/26"],
    ["10.0.0.0/24", 26, "10.0.1.0", undefined],
    ["10.0.0.0/24", 26, "fd00::1", undefined],
    ["10.0.0.32/27", 26, "10.0.0.40", "10.0.0.0/26"],
    ["fd00::/48", 122, "fd00::ffff:41", "fd00::ffff:40/122"],
    ["fd00::/48", 122, "10.0.0.1", undefined],
  ])("in %s by /%d, %s belongs to %s", (pool, blockSize, address, block) => {
    expect(geometry(pool, blockSize).blockContaining(parseAddress(address)!)?.text).toBe(block);
  });

  test.each([
    ["10.0.0.0/24", 33],
    ["10.0.0.0/24", 122],
    ["10.0.0.0/24", -1],
    ["10.0.0.0/24", 26.5],
    ["fd00::/48", 129],
  ])("%s cannot be split by /%d", (pool, blockSize) => {
    expect(() => geometry(pool, blockSize)).toThrow(RangeError);
  });
});

describe("startIndex", () => {
  test.each<[string, number, BlockIndex]>([
    ["10.0.0.0/24", 26, 3],
    ["10.244.0.0/16", 26, 159],
    ["10.0.0.0/8", 26, 158817],
    ["10.0.0.0/26", 26, 0],
    ["10.0.0.0/27", 26, 0],
    ["fd00::/48", 122, 2949111917119252098145n],
  ])("of node-0 in %s by /%d is %s", (pool, blockSize, index) => {
    const blocks = geometry(pool, blockSize);
    expect(blocks.startIndex("node-0")).toBe(index);
    expect(blocks.startIndex("node-0")).toBe(index);
  });

  test("ignores the clock unless blocks are single addresses", () => {
    const blocks = geometry("10.0.0.0/16", 26);
    expect(blocks.startIndex("a", 1n)).toBe(blocks.startIndex("a", 2n));
  });

  test("comes from the clock when blocks are single addresses", () => {
    // The clock takes the place of the host's hash: with equal values, the draws are equal.
    const clockNs = fnv1Hash32("node-0");
    const blocks = geometry("10.0.0.0/22", 32);
    expect(blocks.startIndex("whoever", clockNs)).toBe(159);
    expect(blocks.startIndex("whoever", BigInt(clockNs))).toBe(159);
    const indexes = [1n, 2n, 3n, 4n].map((ns) => blocks.startIndex("whoever", ns));
    expect(new Set(indexes).size).toBeGreaterThan(1);
    expect(geometry("10.0.0.1/32", 32).startIndex("whoever", 1_700_000_000_123_456_789n)).toBe(0);
  });

  test("is refused for single-address blocks without a clock", () => {
    expect(() => geometry("10.0.0.0/24", 32).startIndex("node-0")).toThrow(RangeError);
  });

  test("the clock is read once for each walk over single-address blocks", () => {
    let reads = 0;
    const clock = () => BigInt(++reads);
    const blocks = geometry("10.0.0.0/22", 32);
    const starts = [1, 2, 3].map(() => blocks.walk("node-0", clock).startIndex);
    expect(reads).toBe(3);
    expect(starts).toEqual([1n, 2n, 3n].map((ns) => blocks.startIndex("node-0", ns)));
  });
});

describe("BlockWalk", () => {
  test("of a pool without blocks ends at once", () => {
    const walk = geometry("10.0.0.0/27", 26).walk("node-0", noClock);
    expect(walk.next()).toBeUndefined();
    expect(walk.at(0)).toBeUndefined();
  });

  test("goes round at the end of the pool and stops before its start", () => {
    const walk = geometry("10.0.0.0/24", 26).walk("node-0", noClock);
    expect(firstBlocks(walk, 9)).toEqual([
      "10.0.0.192/26",
      "10.0.0.0/26",
      "10.0.0.64/26",
      "10.0.0.128/26",
    ]);
    expect(walk.next()).toBeUndefined();
  });

  test.each<[string, number, BlockIndex]>([
    ["10.0.0.0/8", 26, 2 ** 18 - 2],
    ["fd00::/69", 122, 2 ** 53 - 2],
    ["fd00::/8", 122, 2n ** 114n - 2n],
  ])("over %s by /%d from %s goes round", (pool, blockSize, start) => {
    const blocks = geometry(pool, blockSize);
    const zero = typeof start === "bigint" ? 0n : 0;
    const last = typeof start === "bigint" ? start + 1n : start + 1;
    const expected = [blocks.blockAt(start), blocks.blockAt(last), blocks.blockAt(zero)];
    expect(firstBlocks(blocks.walkFrom(start), 3)).toEqual(expected.map((cidr) => cidr.text));
    expect(blocks.walkFrom(start).at(2)?.text).toBe(blocks.blockAt(zero).text);
  });

  test("keeps large positions exact", () => {
    const blocks = geometry("fd00::/69", 122);
    const walk = blocks.walkFrom(2 ** 53 - 1);
    expect(walk.at(2 ** 53 - 1)?.text).toBe(blocks.blockAt(2 ** 53 - 2).text);
    expect(walk.at(2 ** 53)).toBeUndefined();
    expect(walk.at(-1)).toBeUndefined();
  });

  const pools = fc
    .constantFrom<4 | 6>(4, 6)
    .chain((version) => {
      const width = addressBits(version);
      const address: fc.Arbitrary<AddressNumber> =
        version === 4
          ? fc.integer({ min: 0, max: 2 ** 32 - 1 })
          : fc.bigInt({ min: 2n ** 96n, max: 2n ** 128n - 1n });
      return fc.tuple(address, fc.integer({ min: 0, max: width }), fc.integer({ min: 0, max: 9 }));
    })
    .map(([address, blockSize, indexBits]) => {
      const prefix = Math.max(0, blockSize - indexBits);
      return { pool: Cidr.containing(address, prefix), blockSize };
    });

  test("visits each block of any pool exactly once, all within the pool, ascending", () => {
    fc.assert(
      fc.property(pools, fc.string({ unit: "grapheme" }), fc.bigInt(), (shape, host, nowNs) => {
        const { pool, blockSize } = shape;
        const blocks = new BlockGeometry(pool, blockSize);
        const walk = blocks.walk(host, () => BigInt.asIntN(64, nowNs));
        const visited: Cidr[] = [];
        for (let cidr = walk.next(); cidr !== undefined; cidr = walk.next()) {
          expect(walk.at(visited.length)).toBe(cidr);
          visited.push(cidr);
        }
        expect(visited).toHaveLength(2 ** (blockSize - pool.prefix));
        expect(new Set(visited.map((cidr) => cidr.text)).size).toBe(visited.length);
        const inPool = visited.filter((cidr) => cidr.prefix === blockSize && pool.covers(cidr));
        expect(inPool).toHaveLength(visited.length);
        const descents = visited.filter((cidr, i) => cidr.base < visited.at(i - 1)!.base);
        expect(descents.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 150 },
    );
  });
});
