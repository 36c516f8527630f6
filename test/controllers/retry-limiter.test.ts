import { describe, expect, it } from "vitest";
import { RetryLimiter } from "../../src/controllers/retry-limiter.js";

const SECOND_NS = 1_000_000_000n;

describe("RetryLimiter", () => {
  it("doubles a node's delay from 5 ms to 30 s and starts anew after a success", () => {
    const limiter = new RetryLimiter();
    const delays = Array.from({ length: 40 }, (_, i) =>
      limiter.delayMs("n1", BigInt(i) * SECOND_NS),
    );
    expect(delays.slice(0, 4)).toEqual([5, 10, 20, 40]);
    expect(delays.slice(12, 15)).toEqual([20_480, 30_000, 30_000]);
    expect(delays.at(-1)).toBe(30_000);
    expect(limiter.delayMs("n2", 40n * SECOND_NS)).toBe(5);
    limiter.reset("n1");
    expect(limiter.delayMs("n1", 41n * SECOND_NS)).toBe(5);
  });

  it("lets 100 tries of all nodes go, then 10 a second", () => {
    const limiter = new RetryLimiter();
    const delays = Array.from({ length: 103 }, (_, i) => limiter.delayMs(`n${i}`, 0n));
    expect(delays.slice(0, 100).every((delay) => delay === 5)).toBe(true);
    expect(delays.slice(100)).toEqual([100, 200, 300]);
    expect(limiter.delayMs("late", SECOND_NS)).toBe(5);
  });
});
