import { describe, expect, it } from "vitest";
import { attribute } from "../../../src/analysis/comparison/attribute.js";
import { compareRuns } from "../../../src/analysis/comparison/compare-runs.js";
import { RandomStreams } from "../../../src/simulation/random-streams.js";
import { runOf } from "./run-of.js";

const a = [runOf(1, { failed: 10, calls: 100 }, { calls: "a" })];
const b = [runOf(1, { failed: 0, calls: 200 }, { calls: "b" })];
const stream = (name: string) => new RandomStreams("attribute").stream(name);
const { figures } = compareRuns(a, b, { resamples: 99, stream });

describe("attributing a difference to behaviours", () => {
  it("tells all, part and nothing apart", () => {
    const half = [runOf(1, { failed: 10, calls: 150 }, { calls: "half" })];
    const rest = [runOf(1, { failed: 0, calls: 150 }, { calls: "rest" })];
    const parts = attribute(
      a,
      b,
      [
        { behaviour: "everything", alone: b, without: a },
        { behaviour: "halfTheCalls", alone: half, without: rest },
        { behaviour: "nothing", alone: a, without: b },
      ],
      figures,
    );
    expect(parts).toEqual([
      {
        behaviour: "everything",
        part: "all",
        shares: [
          { figure: "failed", alone: 1, without: 1 },
          { figure: "calls", alone: 1, without: 1 },
        ],
      },
      {
        behaviour: "halfTheCalls",
        part: "some",
        shares: [
          { figure: "failed", alone: 0, without: 0 },
          { figure: "calls", alone: 0.5, without: 0.5 },
        ],
      },
      { behaviour: "nothing", part: "none", shares: [] },
    ]);
  });
});
