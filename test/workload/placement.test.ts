import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PLACEMENT_NAMES } from "../../src/formats/scenario/placement-name.js";
import { createPlacement } from "../../src/workload/placement.js";
import { OpenNodes } from "./open-nodes.js";

const never = () => {
  throw new Error("no draw expected");
};

function placed(
  name: (typeof PLACEMENT_NAMES)[number],
  nodes: OpenNodes,
  random: () => number = never,
) {
  const placement = createPlacement(name, nodes, random);
  nodes.joinAll(placement);
  return placement;
}

describe("round-robin", () => {
  it("goes on at each arrival, whoever leaves, and passes over closed nodes", () => {
    const nodes = new OpenNodes(4);
    const placement = placed("round-robin", nodes);
    nodes.closed.add(2);
    const places = Array.from({ length: 7 }, () => placement.place());
    expect(places).toEqual([0, 1, 3, 0, 1, 3, 0]);
  });
});

describe("a candidate that leaves", () => {
  it.each(PLACEMENT_NAMES)(
    "is never chosen again by %s, and the others keep their turn",
    (name) => {
      const nodes = new OpenNodes(3);
      const placement = placed(name, nodes, () => 0.4);
      const first = placement.place()!;
      nodes.closed.add(1);
      placement.leave(1);
      nodes.closed.delete(1);
      placement.changed(1);
      const places = Array.from({ length: 4 }, () => placement.place());
      expect(places).not.toContain(1);
      if (name === "round-robin") expect([first, ...places]).toEqual([0, 2, 0, 2, 0]);
    },
  );
});

describe.each([
  ["least-pods", Math.min],
  ["most-pods", Math.max],
] as const)("%s", (name, best) => {
  it("takes the open node with the best count, of equals the first", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.tuple(fc.constantFrom("add", "remove", "toggle"), fc.nat(999)), {
          maxLength: 200,
        }),
        (n, steps) => {
          const nodes = new OpenNodes(n);
          const placement = placed(name, nodes);
          for (const [step, number] of steps) {
            const node = number % n;
            if (step === "toggle") {
              if (!nodes.closed.delete(node)) nodes.closed.add(node);
              placement.changed(node);
            } else if (step === "remove") {
              if (nodes.pods[node]! > 0) nodes.change(placement, node, -1);
            } else {
              const open = nodes.pods.filter((_, i) => nodes.isOpen(i));
              const wanted = nodes.pods.findIndex(
                (count, i) => nodes.isOpen(i) && count === best(...open),
              );
              const found = placement.place();
              expect(found).toBe(wanted < 0 ? undefined : wanted);
              if (found !== undefined) nodes.change(placement, found);
            }
          }
        },
      ),
    );
  });
});

describe("random", () => {
  it("gives each draw its node, from the first to the last", () => {
    const draws = [0, 0.2499, 0.25, 0.5, 0.75, 1 - 2 ** -53];
    const placement = placed("random", new OpenNodes(4), () => draws.shift()!);
    const places = draws.slice().map(() => placement.place());
    expect(places).toEqual([0, 0, 1, 2, 3, 3]);
  });

  it("draws once a pod, among the open nodes only", () => {
    const nodes = new OpenNodes(4);
    let draws = 0;
    const placement = placed("random", nodes, () => (draws++ % 3) / 3);
    for (const node of [1, 3]) {
      nodes.closed.add(node);
      placement.changed(node);
    }
    const places = Array.from({ length: 30 }, () => placement.place());
    expect(new Set(places)).toEqual(new Set([0, 2]));
    expect(draws).toBe(30);
    nodes.closed.delete(3);
    placement.changed(3);
    expect(new Set(Array.from({ length: 30 }, () => placement.place()))).toEqual(
      new Set([0, 2, 3]),
    );
  });
});

describe("createPlacement", () => {
  it.each(PLACEMENT_NAMES)("%s has no place among no nodes, nor when all are closed", (name) => {
    const nodes = new OpenNodes(3);
    const random = () => 0.5;
    expect(createPlacement(name, nodes, random).place()).toBeUndefined();
    const placement = placed(name, nodes, random);
    for (const node of [0, 1, 2]) {
      nodes.closed.add(node);
      placement.changed(node);
    }
    expect(placement.place()).toBeUndefined();
  });
});
