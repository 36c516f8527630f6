import { describe, expect, it } from "vitest";
import { DatastoreSchema } from "../../src/formats/scenario/cluster-schemas.js";
import { withHistograms } from "../../src/formats/scenario/datastore-latencies.js";
import type { PlanQuestion } from "../../src/planning/plan-question.js";
import { BatchRunner } from "../../src/planning/run-batch.js";
import { burst, type CaseSketch, poisson, sketchedQuestion } from "./plan-cases.js";

const MINUTE_US = 60e6;

/** The case with kubelets and a datastore of these properties around it. */
function inTime(sketch: CaseSketch, datastore: object = {}): PlanQuestion {
  const question = sketchedQuestion(sketch);
  const { planned } = question;
  const scenario = {
    ...planned.scenario,
    simulation: { model: "cluster", duration: sketch.horizonUs },
    datastore: withHistograms(DatastoreSchema.parse(datastore), () => []),
  } as const;
  return { ...question, planned: { ...planned, scenario } };
}

async function runsOf(question: PlanQuestion, count: number) {
  const batch = { key: "", question, from: 0, count, isWitnessed: false };
  return new BatchRunner().run(batch);
}

const sketch: CaseSketch = {
  cidr: "10.0.0.0/28",
  blockSize: 30,
  nodes: 2,
  workload: [burst(4)],
  horizonUs: 10 * MINUTE_US,
};

describe("runs of the cluster model", () => {
  it("decide as the counts do where nothing is scarce", async () => {
    const [inCluster] = await runsOf(inTime(sketch), 1);
    const [counted] = await runsOf(sketchedQuestion(sketch), 1);
    for (const key of ["wanted", "failures", "groups", "addressesPeak", "blocksPeak"] as const) {
      expect(inCluster![key], key).toEqual(counted![key]);
    }
    expect(inCluster!.pools).toEqual(counted!.pools);
    expect(inCluster!.apiRequests).toBeGreaterThan(20);
  });

  it("count ADDs that run out of time, and their first time", async () => {
    const slow = { from: "0s", duration: "5m", slowdown: 2000 };
    const [outcome] = await runsOf(inTime(sketch, { disturbances: [slow] }), 1);
    const [failure] = outcome!.failures;
    expect(failure).toMatchObject({ kind: "time-out" });
    expect(failure!.text).toContain("deadline exceeded");
    expect(failure!.count).toBeGreaterThanOrEqual(4);
    // No limit of plugin or runtime is shorter than a minute or longer than five.
    expect(failure!.firstUs).toBeGreaterThan(MINUTE_US);
    expect(failure!.firstUs).toBeLessThan(5 * MINUTE_US);
    expect(outcome!.groups).toEqual([{ name: "", nodes: 2, firstUs: failure!.firstUs }]);
  });

  it("name the reasons of the allocator as the counts do", async () => {
    const strict = { ...sketch, nodes: 5, config: { strictAffinity: true }, workload: [burst(5)] };
    const exhausted = { ...sketch, cidr: "10.0.0.0/30", workload: [burst(5)] };
    for (const scarce of [strict, exhausted]) {
      const [inCluster] = await runsOf(inTime(scarce), 1);
      const [counted] = await runsOf(sketchedQuestion(scarce), 1);
      expect(inCluster!.failures[0]!.kind).toBe(counted!.failures[0]!.kind);
      // A kubelet tries again.
      expect(inCluster!.failures[0]!.count).toBeGreaterThan(counted!.failures[0]!.count);
    }
  });

  it("differ by seed, and are the same again for the same", async () => {
    const random = { ...sketch, workload: [poisson(1 / 20, MINUTE_US, 5 * MINUTE_US)] };
    const outcomes = await runsOf(inTime(random), 3);
    expect(await runsOf(inTime(random), 3)).toEqual(outcomes);
    expect(new Set(outcomes.map(({ wanted }) => wanted)).size).toBeGreaterThan(1);
  });
});
