import { describe, expect, it } from "vitest";
import { findFrontier } from "../../src/planning/bisection.js";

describe("findFrontier", () => {
  it.each([
    { near: 0, far: 1000, limit: 137, farthest: 137, isBeyond: false },
    { near: 0, far: 1000, limit: 0, farthest: 0, isBeyond: false },
    { near: 0, far: 100, limit: 5000, farthest: 100, isBeyond: true },
    { near: 0, far: 100, limit: -1, farthest: null, isBeyond: false },
    { near: -20, far: 0, limit: -7, farthest: -7, isBeyond: false },
    { near: 5, far: 6, limit: 5, farthest: 5, isBeyond: false },
  ])("finds the limit $limit from $near to $far", async ({ near, far, limit, ...expected }) => {
    const meets = (amount: number) => Promise.resolve(amount <= limit);
    expect(await findFrontier(near, far, meets)).toEqual({ ...expected, isMonotone: true });
  });

  it("searches downwards", async () => {
    const found = await findFrontier(4096, 20, (limit) => Promise.resolve(limit >= 33));
    expect(found).toEqual({ farthest: 33, isBeyond: false, isMonotone: true });
  });

  it("finds out that there is more than one limit", async () => {
    // 64 meets the target and 65 to 89 do not; neither do 40 to 50.
    const meets = (n: number) => Promise.resolve(n <= 64 && !(n >= 40 && n <= 50));
    const found = await findFrontier(0, 1000, meets);
    expect(found).toEqual({ farthest: 64, isBeyond: false, isMonotone: false });
  });

  it("says nothing when time runs out", async () => {
    const meets = (n: number) => Promise.resolve(n < 8 ? true : undefined);
    expect(await findFrontier(0, 100, meets)).toBeUndefined();
  });
});
