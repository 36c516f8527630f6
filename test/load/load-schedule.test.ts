import { describe, expect, it } from "vitest";
import { readScenario } from "../../src/application/read-scenario.js";
import { scheduleOf } from "../../src/application/load-schedule.js";

describe("a scenario's schedule", () => {
  it("has every addition and every removal of the quickstart, in order", async () => {
    const scenario = await readScenario("scenarios/quickstart.yaml");
    const { plan, nodes } = await scheduleOf(scenario, 10);
    expect(nodes).toHaveLength(1523);
    expect(plan.podCount).toBe(7255);
    expect(plan.operations).toHaveLength(14_510);
    expect(plan.isOpenLoop).toBe(true);
    const times = plan.operations.map(({ timeNs }) => timeNs);
    expect(times[0]).toBe(0);
    expect(times.every((time, i) => i === 0 || time >= times[i - 1]!)).toBe(true);
    const slower = await scheduleOf(scenario, 5);
    expect(slower.plan.operations.at(-1)!.timeNs).toBe(times.at(-1)! * 2);
  });
});
