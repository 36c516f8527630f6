import { describe, expect, it } from "vitest";
import { comeToRest, type Unsettled } from "../../src/application/liveness.js";
import { simulateScenario } from "../../src/application/simulate-scenario.js";
import { Kernel } from "../../src/simulation/kernel.js";
import { scenarioOf } from "./scenario-text.js";

async function livenessOf(text: string) {
  const result = await simulateScenario(await scenarioOf(text), { version: "test" });
  return { liveness: result.cluster!.liveness!, result };
}

/** An outage while sixty pods come, and pods that would go on to come for an hour. */
const OUTAGE = `
ipamlab: 1
release: v3.28.4
pools: [{ name: default, cidr: 10.78.0.0/16 }]
nodes: { count: 2 }
simulation: { model: cluster, duration: 30s, liveness: { within: 10m } }
datastore: { disturbances: [{ from: 1s, duration: 50m }] }
workload:
  - { executor: burst, pods: 60, within: 2s }
  - { executor: constant-arrival-rate, rate: 1, duration: 1h, lifetime: 5s }
  - { executor: spot-kill, nodes: 1, startAfter: 5m }
`;

/** Six pods more than a pool has addresses. */
const TOO_SMALL = `
ipamlab: 1
release: v3.28.4
pools: [{ name: default, cidr: 10.78.0.0/28, blockSize: 28 }]
nodes: { count: 1 }
simulation: { model: cluster, duration: 1m, liveness: { within: 5m } }
workload: [{ executor: burst, pods: 22 }]
`;

describe("the liveness phase", () => {
  it("ends faults, arrivals and ends of lifetimes, and lasts until all have their network", async () => {
    const { liveness, result } = await livenessOf(OUTAGE);
    expect(liveness.verdict).toBe("at rest");
    expect(liveness.beganUs).toBe(30e6);
    expect(liveness.tookUs).toBeGreaterThan(0);
    expect(liveness.states[0]).toMatchObject({ name: "pods without network", atEnd: 0 });
    expect(result.pods.wanted).toBe(60 + 31);
    expect(result.pods.ready).toBe(result.pods.started);
    expect(result.pods.dropped).toBe(0);
    expect(result.completed).toBe(true);
  });

  it("names a stable bad state", async () => {
    const { liveness } = await livenessOf(TOO_SMALL);
    expect(liveness).toEqual({
      beganUs: 60e6,
      withinUs: 300e6,
      tookUs: null,
      verdict: "stable bad state",
      states: [{ name: "pods without network", atBegin: 6, halfway: 6, atEnd: 6 }],
    });
  });

  it.each([
    ["at rest", ", deleteAfter: 10m"],
    // The pods of a machine that is gone hold their addresses for as long as its node is there.
    ["stable bad state", ""],
  ])("waits for the collector: %s with a lost machine%s", async (verdict, deletion) => {
    const { liveness } = await livenessOf(`
ipamlab: 1
release: v3.28.4
pools: [{ name: default, cidr: 10.78.0.0/16 }]
nodes: { count: 2 }
simulation: { model: cluster, duration: 8m, liveness: { within: 20m } }
workload:
  - { executor: burst, pods: 60 }
  - { executor: spot-kill, nodes: 1, startAfter: 1m${deletion} }
`);
    expect(liveness.verdict).toBe(verdict);
    const leaked = liveness.states.find(({ name }) => name === "leaked addresses")!;
    expect(leaked).toMatchObject({ atBegin: 30, atEnd: verdict === "at rest" ? 0 : 30 });
  });

  it.each([
    ["at rest", [3, 1, 0], 2],
    ["still moving", [4, 3, 3, 2], null],
    ["stable bad state", [4, 3, 3, 3], null],
  ])("tells %s from counts of %j", async (verdict, counts, tookSeconds) => {
    const kernel = new Kernel();
    const unsettled = (): Unsettled => ({ "pending affinities": counts[kernel.nowUs / 1e6]! });
    const calm = () => undefined;
    const onTurn = () => Promise.resolve(true);
    const liveness = await comeToRest(kernel, 3e6, { calm, unsettled }, { onTurn });
    expect(liveness.verdict).toBe(verdict);
    expect(liveness.tookUs).toBe(tookSeconds === null ? null : tookSeconds * 1e6);
  });
});
