import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { METRICS } from "../../../src/analysis/metric-catalogue.js";
import { ExecutorSchema } from "../../../src/formats/scenario/executor-schema.js";
import { loadScenario } from "../../../src/formats/scenario/load-scenario.js";
import { KNOWN_RELEASES } from "../../formats/known-releases.js";
import { runRecorded } from "../run-recorded.js";

const FOLDER = "test/workload/executors";
const inputs = readdirSync(FOLDER).filter((file) => file.endsWith(".input.yaml"));

describe("each executor", () => {
  it("has a pair of files", () => {
    const kinds = ExecutorSchema.options.map(({ shape }) => [...shape.executor.values][0]);
    const covered = inputs.map((file) => file.replace(/(\.\w+)?\.input\.yaml$/, ""));
    expect(kinds.filter((kind) => !covered.includes(kind!))).toEqual([]);
  });

  it.each(inputs)(
    "%s asks for what its pair says (UPDATE_GOLDEN=1 writes it anew)",
    async (file) => {
      const scenario = await loadScenario(join(FOLDER, file), {
        knownReleases: KNOWN_RELEASES,
        knownMetrics: METRICS,
      });
      const { network, counts } = await runRecorded(scenario);
      const text = `${JSON.stringify({ counts, events: network.lines }, undefined, 2)}\n`;
      const expected = join(FOLDER, file.replace(".input.yaml", ".output.json"));
      if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(expected, text);
      expect(text).toBe(readFileSync(expected, "utf8"));
    },
  );
});
