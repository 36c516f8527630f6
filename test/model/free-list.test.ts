import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FreeList } from "../../src/model/free-list.js";

describe("a free list", () => {
  it("is a queue whose older versions stay as they were, whichever of them is used", () => {
    const takes = fc.record({ kind: fc.constant("take"), count: fc.nat(5), of: fc.nat() });
    const appends = fc.record({
      kind: fc.constant("append"),
      ordinals: fc.array(fc.nat(63), { maxLength: 4 }),
      of: fc.nat(),
    });
    fc.assert(
      fc.property(fc.nat(8), fc.array(fc.oneof(takes, appends)), (length, plan) => {
        const versions = [{ list: FreeList.range(0, length), copy: [...Array(length).keys()] }];
        for (const step of plan) {
          const newest = versions.length - 1;
          const { list, copy } = versions[step.of % 2 === 0 ? newest : step.of % versions.length]!;
          if ("count" in step) {
            expect(list.first(step.count)).toEqual(copy.slice(0, step.count));
            versions.push({ list: list.without(step.count), copy: copy.slice(step.count) });
          } else {
            const { ordinals } = step;
            versions.push({ list: list.append(ordinals), copy: [...copy, ...ordinals] });
          }
        }
        for (const { list, copy } of versions) {
          expect([...list]).toEqual(copy);
          expect(list.length).toBe(copy.length);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("makes an empty range of no or negative length", () => {
    expect(FreeList.range(3, 3).toArray()).toEqual([]);
    expect(FreeList.range(5, 2).toArray()).toEqual([]);
  });
});
