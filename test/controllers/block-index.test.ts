import { describe, expect, it } from "vitest";
import { BlockIndex } from "../../src/controllers/block-index.js";
import { newBlock, withAllocated, withHandleReleased } from "../../src/model/block.js";
import { Cidr } from "../../src/model/cidr.js";

const OWNER = { type: "host", host: "n1" } as const;

/** A block whose first ordinals are held by these handles. */
function blockWith(cidr: string, ...handles: string[]) {
  return handles.reduce(
    (block, handle, ordinal) =>
      withAllocated(block, [ordinal], block.unallocated, { handle, secondary: null }),
    newBlock(Cidr.of(cidr), OWNER, null, 0n, null),
  );
}

describe("BlockIndex", () => {
  it.each([
    [true, false],
    [false, true],
  ])(
    "with stale entries %j keeps what a deleted block held by handle",
    (keepsStale, isForgotten) => {
      const index = new BlockIndex(keepsStale);
      index.updateBlock(blockWith("10.0.0.0/30", "kept"));
      index.updateBlock(blockWith("10.0.0.4/30", "gone"));
      index.deleteBlock("10.0.0.4/30");
      // Nothing known of a handle counts as leaked; an entry that is not confirmed does not.
      expect(index.isLeakedHandle("gone")).toBe(isForgotten);
      expect(index.isLeakedHandle("kept")).toBe(false);
    },
  );

  it("forgets a stale entry when the same address of the same handle comes again and goes", () => {
    const index = new BlockIndex(true);
    const block = blockWith("10.0.0.4/30", "again");
    index.updateBlock(blockWith("10.0.0.0/30", "kept"));
    index.updateBlock(block);
    index.deleteBlock("10.0.0.4/30");
    index.updateBlock(block);
    index.updateBlock(withHandleReleased(block, [0]));
    expect(index.isLeakedHandle("again")).toBe(true);
  });
});
