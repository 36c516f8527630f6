import { describe, expect, it } from "vitest";
import type { Allocator } from "../../src/allocator/allocator.js";
import { LockReducedAllocator } from "../../src/allocator/lock-reduced.js";
import { ChurnStream, Performed, ScheduleStream } from "../../src/load/operation-stream.js";
import { smallMemory } from "../allocator/small-memory.js";

const DRAWS = Int32Array.from({ length: 64 }, (_, i) => (i * 2_654_435_761) % 2 ** 31);
const CHURN = {
  kind: "churn",
  intervalNs: 100,
  offsetNs: 30,
  nodes: Int32Array.of(0, 1),
  firstHandle: 10,
  population: 8,
  draws: DRAWS,
} as const;

function recorded(inner: Allocator): { allocator: Allocator; calls: string[] } {
  const calls: string[] = [];
  const allocator = Object.create(inner) as Allocator;
  allocator.assign = (node, handle, wanted, maxBlocks) => {
    calls.push(`assign ${node} ${handle}`);
    return inner.assign(node, handle, wanted, maxBlocks);
  };
  allocator.releaseByHandle = (handle) => {
    calls.push(`release ${handle}`);
    return inner.releaseByHandle(handle);
  };
  return { allocator, calls };
}

describe("churn", () => {
  const run = () => {
    const { allocator, calls } = recorded(new LockReducedAllocator(smallMemory(), 1));
    const stream = new ChurnStream(CHURN);
    stream.prepare(allocator);
    const performed = Array.from({ length: 200 }, (_, k) => stream.perform(allocator, k));
    return { stream, calls, performed };
  };

  it("keeps the population, and releases only what is assigned", () => {
    const { stream, calls, performed } = run();
    expect(stream.population).toBe(8);
    expect(new Set(performed)).toEqual(new Set([Performed.assigned, Performed.released]));
    const held = new Set<string>();
    for (const call of calls) {
      const [what, first, second] = call.split(" ");
      if (what === "assign") {
        expect(held.has(second!)).toBe(false);
        held.add(second!);
      } else {
        expect(held.delete(first!)).toBe(true);
      }
    }
  });

  it("is the same each time", () => {
    expect(run().calls).toEqual(run().calls);
  });

  it("knows its schedule", () => {
    const stream = new ChurnStream(CHURN);
    expect(stream.intendedNs(3)).toBe(330);
    expect([0, 30, 31, 130, 131, 1030].map((time) => stream.wantedBefore(time))).toEqual([
      0, 0, 1, 1, 2, 10,
    ]);
  });
});

describe("schedule", () => {
  const stream = new ScheduleStream({
    kind: "schedule",
    timesNs: Float64Array.of(0, 5, 5, 9),
    handles: Int32Array.of(0, 1, 0, 1),
    nodes: Int32Array.of(2, 3, -1, -1),
  });

  it("ends", () => {
    expect([0, 3, 4].map((k) => stream.intendedNs(k))).toEqual([0, 9, Infinity]);
    expect([0, 5, 6, 100].map((time) => stream.wantedBefore(time))).toEqual([0, 1, 3, 4]);
  });

  it("performs what it says", () => {
    const { allocator, calls } = recorded(new LockReducedAllocator(smallMemory(), 1));
    for (let k = 0; k < 4; k++) stream.perform(allocator, k);
    expect(calls).toEqual(["assign 2 0", "assign 3 1", "release 0", "release 1"]);
    expect(stream.population).toBe(0);
  });
});
