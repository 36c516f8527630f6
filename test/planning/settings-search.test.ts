import { describe, expect, it } from "vitest";
import { headroomInNodes, headroomInPods } from "../../src/planning/headroom.js";
import type { MonteCarloControl } from "../../src/planning/monte-carlo.js";
import { caseOfRun } from "../../src/planning/plan-question.js";
import { RiskProbe } from "../../src/planning/risk-probe.js";
import { startThreads } from "../../src/planning/run-threads.js";
import { SettingsSearch } from "../../src/planning/settings-search.js";
import { burst, type CaseSketch, sketchedQuestion } from "./plan-cases.js";

const control: MonteCarloControl = {
  nowMs: () => 0,
  deadlineMs: Infinity,
  signal: new AbortController().signal,
  turn: () => Promise.resolve(),
};

function probeOf(sketch: CaseSketch, change: Partial<MonteCarloControl> = {}) {
  const question = sketchedQuestion(sketch);
  const options = { target: 0.01, runs: 4 };
  const probe = new RiskProbe(startThreads(1), question, options, { ...control, ...change });
  const { pools, ipamConfig: config, nodes } = caseOfRun(question, 0).scenario;
  const world = { pools, config, nodes: nodes.length };
  const requests = () => Promise.resolve(null);
  return { probe, search: new SettingsSearch(probe, world, requests, () => {}) };
}

/** 4 blocks of 4 addresses, a block for each of 3 nodes with 2 pods each. */
const STRICT: CaseSketch = {
  cidr: "10.0.0.0/28",
  blockSize: 30,
  config: { strictAffinity: true },
  nodes: 3,
  workload: [burst(6)],
  horizonUs: 1e6,
};

describe("headroom", () => {
  it("is one more node where one block is left", async () => {
    const { probe } = probeOf({ ...STRICT, workload: [burst(12)] });
    const expected = { more: 1, needed: null, isBeyond: false, isMonotone: true };
    expect(await headroomInNodes(probe, 3)).toEqual(expected);
  });

  it("is the pods that the blocks have room for", async () => {
    // The nodes take 13 pods as 5, 4 and 4: the first one claims the last block. 16 are 6, 5 and 5.
    const { probe } = probeOf({ ...STRICT, workload: [burst(10)] });
    const headroom = await headroomInPods(probe, 10);
    expect(headroom).toMatchObject({ isBeyond: false, isMonotone: true });
    expect(headroom!.more).toBe(3);
  });

  it("is below 0 where there is too much already", async () => {
    const { probe } = probeOf({ ...STRICT, nodes: 6, workload: [burst(12)] });
    expect(await headroomInNodes(probe, 6)).toMatchObject({ more: null, needed: -2 });
  });

  it("is what must be added where more nodes help", async () => {
    // 6 pods on a node that may have 2 blocks of 2 addresses.
    const config = { strictAffinity: true, maxBlocksPerHost: 2 };
    const given = { ...STRICT, blockSize: 31, config, nodes: 1, workload: [burst(6)] };
    expect(await headroomInNodes(probeOf(given).probe, 1)).toMatchObject({ more: null, needed: 1 });
  });

  it("is not told when there is no time", async () => {
    const { probe } = probeOf(STRICT, { deadlineMs: 0 });
    expect(await headroomInNodes(probe, 3)).toBeUndefined();
  });
});

describe("SettingsSearch", () => {
  it("shows each of the five settings where the risk is too high, helpful or not", async () => {
    // 6 nodes for 4 blocks.
    const given = { ...STRICT, nodes: 6, workload: [burst(6)] };
    const { choices } = await probeOf(given).search.run();
    const meets = new Map(choices.map((choice) => [choice.name, choice.meets]));
    expect(meets.get("pool /27 instead of /28")).toBe(true);
    expect(meets.get("maxBlocksPerHost 4096")).toBe(false);
    expect(meets.get("strictAffinity false")).toBe(true);
    expect(meets.get("4 nodes")).toBe(true);
    expect(meets.get("blockSize 31")).toBe(true);
    expect(meets.get("blockSize 29")).toBe(false);
  });

  it("changes nothing where nothing has to change", async () => {
    const { choices, recommended } = await probeOf(STRICT).search.run();
    expect(choices[recommended!]!.name).toBe("as it is");
  });

  it("recommends a larger pool where nodes find no block, and the smallest that helps", async () => {
    const given = { ...STRICT, nodes: 9, workload: [burst(12)] };
    const { choices, recommended, isWhole, isMonotone } = await probeOf(given).search.run();
    expect(choices[recommended!]).toMatchObject({
      name: "pool /26 instead of /28",
      effort: "more addresses",
      settings: { poolPrefixShift: -2 },
    });
    const meeting = choices.filter(({ meets }) => meets).map(({ name }) => name);
    expect(meeting).toContain("4 nodes");
    expect(meeting).toContain("strictAffinity false");
    // Eight blocks of two addresses are one too few for 9 nodes.
    expect(meeting).not.toContain("blockSize 31");
    expect([isWhole, isMonotone]).toEqual([true, true]);
  });

  it("raises the limit of blocks where strict affinity is there already", async () => {
    const given: CaseSketch = {
      cidr: "10.0.0.0/26",
      blockSize: 32,
      config: { strictAffinity: true },
      nodes: 2,
      workload: [burst(50)],
      horizonUs: 1e6,
    };
    const { choices, recommended } = await probeOf(given).search.run();
    expect(choices[recommended!]).toMatchObject({
      name: "maxBlocksPerHost 25",
      effort: "configuration",
    });
  });

  it("recommends larger blocks where a limit of blocks cannot be set", async () => {
    const given: CaseSketch = {
      cidr: "10.0.0.0/24",
      blockSize: 32,
      nodes: 2,
      workload: [burst(60)],
      horizonUs: 1e6,
    };
    const { choices, recommended } = await probeOf(given).search.run();
    const { settings, effort } = choices[recommended!]!;
    expect(effort).toBe("new blocks");
    expect(settings.blockSize).toBeLessThan(32);
  });
});
