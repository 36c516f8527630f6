import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runIncidents } from "../../src/application/run-incidents.js";
import { shippedScenarios } from "../../src/application/shipped-scenarios.js";
import { incidentDocument } from "../../src/report/incident-document.js";
import { documentedPart } from "../exploration/leak-document.js";

const SECTIONS = "\n## The incidents\n";

const incidents = (await shippedScenarios()).filter(({ isIncident }) => isIncident);

describe("docs/incidents.md", () => {
  const text = documentedPart(readFileSync("docs/incidents.md", "utf8"));

  it("tells of each incident what a new run shows, to the letter", {
    timeout: 300_000,
  }, async () => {
    const reports = await runIncidents(incidents, { version: "0.0.0-test", releases: [] });
    const sections = (document: string) => document.slice(document.indexOf(SECTIONS));
    expect(sections(text)).toBe(sections(incidentDocument(reports, [])));
  });

  it("has a row in the matrix for each scenario", () => {
    const matrix = text.slice(0, text.indexOf(SECTIONS));
    const rows = [...matrix.matchAll(/^\| ([a-z0-9-]+) \| [●·✓✗]/gm)].map((match) => match[1]);
    expect(rows.sort()).toEqual(incidents.map(({ name }) => name).sort());
  });
});
