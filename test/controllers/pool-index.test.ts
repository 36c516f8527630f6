import { describe, expect, it } from "vitest";
import { PoolIndex } from "../../src/controllers/pool-index.js";
import { Cidr } from "../../src/model/cidr.js";
import { makePool } from "../../src/model/pool.js";
import { ascendingMapOrder } from "../../src/protocol/environment.js";

const BLOCK = Cidr.of("10.0.0.64/26");
const pool = (name: string, cidr: string) => makePool({ name, cidr: Cidr.of(cidr) });

describe("PoolIndex", () => {
  it("keeps a block's first pool until it goes, and does not look for another", () => {
    const index = new PoolIndex(ascendingMapOrder);
    index.updatePool(pool("b", "10.0.0.0/16"));
    index.updatePool(pool("c", "10.1.0.0/16"));
    index.addBlock(BLOCK);
    expect(index.poolOf(BLOCK.text)).toBe("b");
    index.updatePool(pool("a", "10.0.0.0/24"));
    expect(index.poolOf(BLOCK.text)).toBe("b");
    index.deletePool("b");
    expect(index.poolOf(BLOCK.text)).toBe("no_ippool");
    index.updatePool(pool("d", "10.0.0.0/8"));
    expect(index.poolOf(BLOCK.text)).toBe("d");
    index.deleteBlock(BLOCK.text);
    expect(index.poolOf(BLOCK.text)).toBe("");
  });

  it("gives a block without pool to the first one that comes to cover it", () => {
    const index = new PoolIndex(ascendingMapOrder);
    index.addBlock(BLOCK);
    index.updatePool(pool("other", "10.0.1.0/24"));
    expect(index.poolOf(BLOCK.text)).toBe("no_ippool");
    index.updatePool(pool("new", "10.0.0.0/24"));
    expect(index.poolOf(BLOCK.text)).toBe("new");
  });
});
