import { describe, expect, it } from "vitest";
import type { PodObserver } from "../../src/application/observed-events.js";
import { simulateScenario } from "../../src/application/simulate-scenario.js";
import { StepReplay } from "../../src/application/step-replay.js";
import { InvariantViolation } from "../../src/failure/failure.js";
import { scenarioOf } from "./scenario-text.js";

const SCENARIO = `
ipamlab: 1
release: v3.28.4
seed: 7
pools: [{ name: default, cidr: 10.78.0.0/16 }]
nodes: { count: 3 }
simulation: { model: cluster, duration: 5m }
workload: [{ executor: constant-arrival-rate, name: web, rate: 2, duration: 2m, lifetime: 20s }]
`;

/** A check that fails when the fiftieth pod has its network. */
class FiftiethPod implements PodObserver {
  #ready = 0;

  podStarted(): null {
    return null;
  }

  podReady(): void {
    if (++this.#ready === 50) throw new InvariantViolation("no fiftieth pod", "here it is");
  }

  podFailed(): void {
    // Nothing fails in this scenario.
  }
}

async function violationOf(replay?: StepReplay): Promise<string> {
  const scenario = await scenarioOf(SCENARIO);
  const run = simulateScenario(scenario, { version: "test", observer: new FiftiethPod(), replay });
  const error: unknown = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InvariantViolation);
  return (error as InvariantViolation).message;
}

describe("a run up to one of its steps", () => {
  it("comes to the violation again that named the step, with what led there", async () => {
    const message = await violationOf();
    const told = /step (\d+), after [\d.]+ s, release v3\.28\.4, seed 7/.exec(message);
    expect(told).not.toBeNull();
    const step = Number(told![1]);
    expect(message).toContain(`--release v3.28.4 --seed 7 --replay-step ${step}`);

    const replay = new StepReplay(step);
    expect(await violationOf(replay)).toBe(message);
    expect(replay.performed).toBe(step);
    const last = replay.events.at(-1)!;
    expect(last.step).toBe(step);
    expect(last.what).toMatch(/^pod default\/web-\d+ has its network$/);
    expect(replay.events.map(({ what }) => what)).toContain("node node-0000 joins");
  });

  it("stops there without a violation, and does what the whole run does", async () => {
    const scenario = await scenarioOf(SCENARIO);
    const [early, late] = [new StepReplay(900), new StepReplay(1000)];
    const stopped = await simulateScenario(scenario, { version: "test", replay: early });
    expect(stopped.completed).toBe(false);
    expect(early.performed).toBe(900);
    await simulateScenario(scenario, { version: "test", replay: late });
    const upTo = late.events.filter(({ step }) => step <= 900);
    expect(upTo.length).toBeGreaterThan(500);
    expect(upTo).toEqual(early.events.slice(-upTo.length));
  });

  it("keeps the last thousand events", async () => {
    const replay = new StepReplay(1e9);
    const scenario = await scenarioOf(SCENARIO);
    const result = await simulateScenario(scenario, { version: "test", replay });
    expect(result.completed).toBe(true);
    expect(replay.events).toHaveLength(1000);
    expect(replay.events.at(-1)!.step).toBeLessThanOrEqual(replay.performed);
  });
});
