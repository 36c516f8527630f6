import { describe, expect, it } from "vitest";
import { parseSelector, type Selector } from "../../src/model/selector.js";
import { planWaves, type WaveSize } from "../../src/rollout/wave-plan.js";

const NODES = Array.from({ length: 12 }, (_, i) => ({
  name: `n${i}`,
  labels: i % 6 === 0 ? { site: "edge" } : {},
}));

const count = (n: number): WaveSize => ({ kind: "count", count: n });
const share = (part: number): WaveSize => ({ kind: "share", share: part });

function plan(sizes: readonly WaveSize[], hasControllers = true, edge = "has(site)") {
  const selector = parseSelector(edge) as Selector;
  return planWaves(NODES, { sizes, edge: selector, hasControllers }).map(({ name, nodes }) => [
    name,
    nodes.length,
  ]);
}

describe("waves", () => {
  it.each<[string, readonly WaveSize[], [string, number][]]>([
    [
      "the rest comes last",
      [count(1)],
      [
        ["nodes 1", 1],
        ["nodes 2", 9],
      ],
    ],
    [
      "shares are of the ordinary nodes, rounded up",
      [share(0.15), share(0.5)],
      [
        ["nodes 1", 2],
        ["nodes 2", 5],
        ["nodes 3", 3],
      ],
    ],
    [
      "none is empty",
      [count(4), share(1), count(3)],
      [
        ["nodes 1", 4],
        ["nodes 2", 6],
      ],
    ],
  ])("%s", (_, sizes, expected) => {
    expect(plan(sizes)).toEqual([["control plane", 0], ...expected, ["edge nodes", 2]]);
  });

  it("has neither control plane nor edge where there is none", () => {
    expect(plan([], false, "has(nothing)")).toEqual([["nodes 1", 12]]);
  });

  it("takes nodes as they have joined", () => {
    const [first] = planWaves(NODES, {
      sizes: [count(2)],
      edge: parseSelector("has(site)") as Selector,
      hasControllers: false,
    });
    expect(first!.nodes.map(({ name }) => name)).toEqual(["n1", "n2"]);
  });
});
