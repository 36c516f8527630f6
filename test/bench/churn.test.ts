import { describe, expect, it } from "vitest";
import { type ChurnWorkload, runChurn } from "../../bench/churn.js";

const SMALL: ChurnWorkload = {
  name: "small",
  nodes: 5,
  pool: "10.0.0.0/22",
  blockSize: 26,
  alive: 100,
  operations: 400,
};

describe("the churn that the benchmarks time", () => {
  it("does what it says, and the same every time", () => {
    const first = runChurn(SMALL, () => 0);
    expect(first).toMatchObject({ blocks: 5, failed: 0 });
    // 10 calls an assignment from an own block, 7 a release.
    expect(first.calls).toBe((400 / 2) * (10 + 7));
    expect(runChurn(SMALL, () => 0)).toEqual(first);
    expect(runChurn({ ...SMALL, nodes: 6 }, () => 0).resultHash).not.toBe(first.resultHash);
  });
});
