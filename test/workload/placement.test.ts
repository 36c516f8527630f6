import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PLACEMENT_NAMES } from "../../src/formats/scenario/placement-name.js";
import { createPlacement } from "../../src/workload/placement.js";

const never = () => {
  throw new Error("no draw expected");
};

describe("round-robin", () => {
  it("goes on at each arrival, whoever leaves", () => {
    const placement = createPlacement("round-robin", 3, never);
    const nodes = Array.from({ length: 7 }, () => {
      const node = placement.place();
      placement.release(node);
      return node;
    });
    expect(nodes).toEqual([0, 1, 2, 0, 1, 2, 0]);
  });
});

describe("least-pods", () => {
  it("takes the node with the fewest pods, of equals the first", () => {
    const step = fc.oneof(fc.constant(undefined), fc.nat(999));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.array(step, { maxLength: 300 }),
        (n, steps) => {
          const placement = createPlacement("least-pods", n, never);
          const podCount = new Array<number>(n).fill(0);
          const alive: number[] = [];
          for (const leaving of steps) {
            if (leaving === undefined || alive.length === 0) {
              const node = placement.place();
              expect(node).toBe(podCount.indexOf(Math.min(...podCount)));
              podCount[node]!++;
              alive.push(node);
            } else {
              const [node] = alive.splice(leaving % alive.length, 1);
              placement.release(node!);
              podCount[node!]!--;
            }
          }
        },
      ),
    );
  });

  it("refuses to release a pod that is not there", () => {
    const placement = createPlacement("least-pods", 2, never);
    expect(() => placement.release(0)).toThrow("node 0 has no pod to release");
    expect(() => placement.release(2)).toThrow(RangeError);
  });
});

describe("random", () => {
  it("gives each draw its node, from the first to the last", () => {
    const draws = [0, 0.2499, 0.25, 0.5, 0.75, 1 - 2 ** -53];
    const placement = createPlacement("random", 4, () => draws.shift()!);
    const nodes = draws.slice().map(() => placement.place());
    expect(nodes).toEqual([0, 0, 1, 2, 3, 3]);
    expect(() => placement.release(0)).not.toThrow();
  });
});

describe("createPlacement", () => {
  it.each(PLACEMENT_NAMES)("refuses %s over no node", (name) => {
    expect(() => createPlacement(name, 0, never)).toThrow("expected at least one node, found 0");
  });
});
