import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { readScenario } from "../../src/application/read-scenario.js";
import { simulateScenario } from "../../src/application/simulate-scenario.js";
import type { SimulationResult } from "../../src/formats/result/simulation-result.js";
import type { ScenarioInput } from "../../src/formats/scenario/scenario-schema.js";
import { faultsOf } from "../formats/faults-of.js";

type Seeds = NonNullable<NonNullable<ScenarioInput["initialState"]>["seed"]>;

/** Two nodes and blocks of four; a pod comes to each node. */
async function run(seed: Seeds, change: object = {}): Promise<SimulationResult> {
  const scenario = {
    ipamlab: 1,
    release: "v3.28.4",
    pools: [{ name: "p", cidr: "10.0.0.0/26", blockSize: 30 }],
    nodes: { list: [{ name: "n1" }, { name: "n2" }] },
    workload: [{ executor: "burst", pods: 2 }],
    initialState: { seed },
    ...change,
  };
  const stdin = Readable.from([Buffer.from(stringify(scenario))]);
  return simulateScenario(await readScenario("-", { stdin }), { version: "test" });
}

const begun = ({ initialState, addresses, blocks, leaks }: SimulationResult) => ({
  blocks: initialState?.blocks,
  others: initialState?.otherAddresses,
  contradiction: initialState?.contradiction,
  finalAddresses: addresses.final,
  finalBlocks: blocks.final,
  leakedHandles: leaks.handles,
});

/** Of the states that contradict nothing: what the run begins with, and what two pods make of it. */
describe("a seeded state", () => {
  it.each<[string, Seeds, object]>([
    // Both nodes' blocks are full: each claims another one.
    [
      "full blocks on each node",
      [{ kind: "full-blocks", blocks: 2 }],
      { blocks: 4, others: 16, finalBlocks: 6, finalAddresses: 18 },
    ],
    // Only n2 has to claim.
    [
      "empty blocks on a node",
      [{ kind: "empty-blocks", node: "n1", blocks: 3 }],
      { blocks: 3, others: 0, finalBlocks: 4, finalAddresses: 2 },
    ],
    [
      "leaked addresses",
      [{ kind: "leaked-addresses", node: "n1", addresses: 5 }],
      { blocks: 2, others: 5, finalBlocks: 3, finalAddresses: 7, leakedHandles: 0 },
    ],
    [
      "addresses without handle",
      [{ kind: "leaked-addresses", addresses: 1, handle: "none" }],
      { blocks: 2, others: 2, finalBlocks: 2, leakedHandles: 0 },
    ],
    [
      "leaked handles",
      [{ kind: "leaked-handles", handles: 7 }],
      { blocks: 0, others: 0, finalBlocks: 2, leakedHandles: 7 },
    ],
    [
      "dead nodes' blocks",
      [{ kind: "dead-node-blocks", nodes: 3, blocks: 2, addresses: 1 }],
      { blocks: 6, others: 6, finalBlocks: 8 },
    ],
    // Each node finishes what it has begun to claim.
    [
      "pending affinities",
      [{ kind: "pending-affinities", blocks: 1 }],
      { blocks: 0, others: 0, finalBlocks: 2 },
    ],
    [
      "several at once",
      [
        { kind: "full-blocks", node: "n1", blocks: 1 },
        { kind: "empty-blocks", node: "n2", blocks: 1 },
      ],
      { blocks: 2, others: 4, finalBlocks: 3 },
    ],
  ])("%s", async (_, seeds, expected) => {
    expect(begun(await run(seeds))).toMatchObject({ ...expected, contradiction: null });
  });

  it("with two confirmed affinities of a block says that it contradicts itself", async () => {
    const { initialState } = await run([{ kind: "double-affinities", node: "n1" }]);
    expect(initialState?.contradiction).toBe(
      "a block has one owner: 10.0.0.0/30 is confirmed for host:n1 and for host:n2",
    );
  });

  it("with overlapping blocks gives the same address to two pods, and counts it", async () => {
    const seeds: Seeds = [{ kind: "overlapping-blocks", node: "n1", innerBlockSize: 31 }];
    const { initialState, addresses, operations } = await run(seeds);
    expect(initialState).toMatchObject({ blocks: 2, duplicates: 1 });
    expect(initialState?.contradiction).toBe(
      "blocks overlap or contradict themselves: 10.0.0.0/30, 10.0.0.0/31",
    );
    expect(operations.assignments.succeeded).toBe(2);
    expect(addresses.final).toBe(1);
  });

  it.each<[string, Seeds, object, string]>([
    [
      "more blocks than the pool has",
      [{ kind: "full-blocks", blocks: 9 }],
      {},
      "-: initialState.seed[0]: the pool p holds 16 blocks; the seeds up to here need more",
    ],
    [
      "a node that is not there",
      [{ kind: "empty-blocks", node: "n3", blocks: 1 }],
      {},
      'the scenario has no node "n3"',
    ],
    [
      "a pool that is not there",
      [{ kind: "leaked-handles", pool: "q", handles: 1 }],
      {},
      'the scenario has no pool "q"',
    ],
    [
      "no other node",
      [{ kind: "double-affinities" }],
      { nodes: { count: 1 } },
      "has no other node next to it; give otherNode",
    ],
    [
      "a larger block inside a smaller one",
      [{ kind: "overlapping-blocks", innerBlockSize: 28 }],
      {},
      "a block inside 10.0.0.0/30 has a prefix length up to 32",
    ],
  ])("is refused with %s", async (_, seeds, change, message) => {
    expect((await faultsOf(run(seeds, change))).join("\n")).toContain(message);
  });
});
