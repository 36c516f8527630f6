import { describe, expect, it } from "vitest";
import { readScenario } from "../../src/application/read-scenario.js";
import {
  FIXED,
  type ShippedScenario,
  shippedScenarios,
} from "../../src/application/shipped-scenarios.js";
import type { SimulationResult } from "../../src/formats/result/simulation-result.js";
import { simulateScenario } from "../../src/application/simulate-scenario.js";

const all = await shippedScenarios();
const incidents = all.filter(({ isIncident }) => isIncident);
/** Those that take seconds are run by test/node/equilibrium.slow.test.ts. */
const quick = all
  .filter(({ isIncident, file }) => isIncident || file.includes("/cured/"))
  .filter(({ name }) => !name.startsWith("handle-leak-equilibrium"));

async function resultOf(scenario: ShippedScenario): Promise<SimulationResult> {
  return simulateScenario(await readScenario(scenario.file), { version: "0.0.0-test" });
}

describe("the scenarios that come with ipamlab", () => {
  it("have names of their own", () => {
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });

  it.each(incidents)("$name tells its story, its source and what to look for", ({ header }) => {
    expect(header.title).toBeDefined();
    expect(header.title!.length).toBeLessThanOrEqual(80);
    expect(header.story).toBeDefined();
    expect(header.source).toMatch(/^https:\/\//);
    expect(header.lookFor).toBeDefined();
  });

  it.each(incidents.filter(({ name }) => !name.endsWith(FIXED)))(
    "$name says what was reported and what cures it",
    ({ header }) => {
      expect(header.reported).toBeDefined();
      expect(header.cure).toBeDefined();
    },
  );

  it.each(incidents.filter(({ name }) => name.endsWith(FIXED)))(
    "$name is the counterpart of an incident",
    ({ name }) => {
      expect(incidents.map((incident) => incident.name)).toContain(name.slice(0, -FIXED.length));
    },
  );

  it.each(quick)(
    "$name shows what it says, twice the same to the byte",
    { timeout: 120_000 },
    async (scenario) => {
      const first = await resultOf(scenario);
      expect(first.thresholds.length).toBeGreaterThan(0);
      expect(first.thresholds.filter(({ passed }) => !passed)).toEqual([]);
      expect(JSON.stringify(await resultOf(scenario))).toBe(JSON.stringify(first));
    },
  );
});
