import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MATRIX_RELEASES, runIncidents } from "../../src/application/run-incidents.js";
import { shippedScenarios } from "../../src/application/shipped-scenarios.js";
import { incidentDocument } from "../../src/report/incident-document.js";
import { documentedPart } from "../exploration/leak-document.js";

describe("docs/incidents.md", () => {
  it("has the matrix that new runs give", { timeout: 1_200_000 }, async () => {
    const incidents = (await shippedScenarios()).filter(({ isIncident }) => isIncident);
    const options = { version: "0.0.0-test", releases: MATRIX_RELEASES };
    const text = documentedPart(readFileSync("docs/incidents.md", "utf8"));
    expect(incidentDocument(await runIncidents(incidents, options), MATRIX_RELEASES)).toBe(text);
  });
});
