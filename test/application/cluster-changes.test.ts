import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { readScenario } from "../../src/application/read-scenario.js";
import { simulateScenario } from "../../src/application/simulate-scenario.js";
import type { SimulationResult } from "../../src/formats/result/simulation-result.js";
import type { ScenarioInput } from "../../src/formats/scenario/scenario-schema.js";
import { faultsOf } from "../formats/faults-of.js";

/** Four nodes; two vanish with their pods while others come. */
async function run(parts: Partial<ScenarioInput>): Promise<SimulationResult> {
  const scenario: ScenarioInput = {
    ipamlab: 1,
    release: "v3.28.4",
    pools: [{ name: "default", cidr: "10.0.0.0/22" }],
    nodes: { count: 4 },
    workload: [
      { executor: "constant-arrival-rate", rate: 1, duration: "4m", lifetime: "1m" },
      { executor: "spot-kill", startAfter: "2m", nodes: 2, deleteAfter: "10s" },
    ],
    simulation: { model: "cluster", duration: "15m" },
    ...parts,
  };
  const stdin = Readable.from([Buffer.from(stringify(scenario))]);
  return simulateScenario(await readScenario("-", { stdin }), { version: "test" });
}

/** All that happened, without the words about what it rests on. */
function happened({ cluster, operations, leaks, pools }: SimulationResult) {
  return { cluster: { ...cluster, assumptions: [] }, operations, leaks, pools };
}

const failedAdds = ({ cluster }: SimulationResult) => cluster!.adds.failed;

describe("changes of the datastore and of garbage collection", () => {
  it("a brown-out is what a disturbance with a slowdown is", async () => {
    const changed = await run({
      changes: [
        { at: "1m", change: "slow-datastore", slowdown: 400 },
        { at: "3m", change: "restore-datastore" },
      ],
    });
    const disturbances = [{ from: "1m", duration: "2m", slowdown: 400 }];
    expect(happened(changed)).toEqual(happened(await run({ datastore: { disturbances } })));
    expect(changed.cluster!.addUs.succeeded!.max).toBeGreaterThan(10e6);
  });

  it("an outage is what a disturbance without one is", async () => {
    const changed = await run({
      changes: [
        { at: "1m", change: "stop-datastore" },
        { at: "3m", change: "slow-datastore", slowdown: 1 },
      ],
    });
    const disturbances = [{ from: "1m", duration: "2m" }];
    expect(happened(changed)).toEqual(happened(await run({ datastore: { disturbances } })));
    expect(failedAdds(changed)).toBeGreaterThan(0);
    expect(failedAdds(await run({}))).toBe(0);
  });

  it("a collector that is stopped and started is one with an outage", async () => {
    const changed = await run({
      changes: [
        { at: "100s", change: "stop-gc" },
        { at: "6m", change: "start-gc" },
      ],
    });
    const outages = [{ from: "100s", duration: "260s" }];
    expect(happened(changed)).toEqual(happened(await run({ gc: { outages } })));
    expect(changed.cluster!.gc!.reclaimed).toBeGreaterThan(0);
  });

  it("a collector may be stopped for good, or start late", async () => {
    const stopped = await run({ changes: [{ at: "100s", change: "stop-gc" }] });
    expect(stopped.cluster!.gc!.reclaimed).toBe(0);
    expect(stopped.leaks.addresses).toBeGreaterThan(0);
    const changes: ScenarioInput["changes"] = [{ at: "5m", change: "start-gc" }];
    const late = await run({ gc: { enabled: false }, changes });
    expect(late.leaks.addresses).toBe(0);
    expect(late.cluster!.gc!.reclaimed).toBe(stopped.leaks.addresses);
  });

  it.each<[string, Partial<ScenarioInput>, string[]]>([
    [
      "with model: allocator",
      { simulation: {}, changes: [{ at: "1m", change: "stop-datastore" }] },
      ["changes[0].change: goes only with simulation.model: cluster"],
    ],
    [
      "next to the same in another place",
      {
        datastore: { disturbances: [{ from: "1m", duration: "1m" }] },
        gc: { outages: [{ from: "1m", duration: "1m" }] },
        changes: [
          { at: "1m", change: "restore-datastore" },
          { at: "1m", change: "stop-gc" },
        ],
      },
      [
        "changes[0].change: cannot stand next to datastore.disturbances; write all as changes",
        "changes[1].change: cannot stand next to gc.outages; write all as changes",
      ],
    ],
    [
      "of a collector that runs already, or does not",
      {
        changes: [
          { at: "1m", change: "start-gc" },
          { at: "3m", change: "stop-gc" },
          { at: "2m", change: "stop-gc" },
        ],
      },
      [
        "changes[0].change: a garbage collector runs at this time",
        "changes[1].change: no garbage collector runs at this time",
      ],
    ],
  ])("are refused %s", async (_, parts, messages) => {
    const faults = (await faultsOf(run(parts))).join("\n");
    for (const message of messages) expect(faults).toContain(message);
  });
});
