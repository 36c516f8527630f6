import { describe, expect, it } from "vitest";
import { TokenBucket } from "../../../src/datastore/simulated/token-bucket.js";

describe("a client's token bucket", () => {
  it("lets a burst through and then one request in 200 ms", () => {
    const bucket = new TokenBucket({ qps: 5, burst: 100 });
    const waits = Array.from({ length: 103 }, () => bucket.reserve(0, Infinity));
    expect(waits.slice(0, 100)).toEqual(new Array(100).fill(0));
    expect(waits.slice(100)).toEqual([200_000, 400_000, 600_000]);
  });

  it("starts 550 requests in 90 s at most, and takes no token for those it refuses", () => {
    const bucket = new TokenBucket({ qps: 5, burst: 100 });
    const waits = Array.from({ length: 600 }, () => bucket.reserve(0, 90_000_000));
    expect(waits.filter((wait) => wait !== undefined)).toHaveLength(549);
    expect(bucket.reserve(0, Infinity)).toBe(90_000_000);
  });

  it("grows again, up to its burst", () => {
    const bucket = new TokenBucket({ qps: 2, burst: 3 });
    for (let i = 0; i < 3; i++) bucket.reserve(0, Infinity);
    expect(bucket.reserve(250_000, Infinity)).toBe(250_000);
    const later = Array.from({ length: 4 }, () => bucket.reserve(60_000_000, Infinity));
    expect(later).toEqual([0, 0, 0, 500_000]);
  });

  it("has no limit when the rate is infinite", () => {
    const bucket = new TokenBucket({ qps: Infinity, burst: 1 });
    expect([1, 2, 3].map(() => bucket.reserve(0, 0))).toEqual([0, 0, 0]);
  });
});
