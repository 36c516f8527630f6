import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { explore } from "../../src/exploration/explore.js";
import { formatLeakDocument } from "../../src/exploration/leak-tables.js";
import { type Survey, survey, surveyedProfiles } from "../../src/exploration/survey.js";
import { documentedPart, DOCUMENTED_CASES, DOCUMENTED_SEED } from "./leak-document.js";

const CASES_PER_RELEASE = 1_200;
const profiles = surveyedProfiles();

describe("every release, every interleaving, every fault", () => {
  it("is at least 10,000 cases", () => {
    expect(profiles.length * CASES_PER_RELEASE).toBeGreaterThanOrEqual(10_000);
  });

  it.each(profiles.map((profile) => [profile.name, profile] as const))(
    "%s keeps the invariants",
    (_name, profile) => {
      // The message of a violation names the seed and the command that replays it.
      const property = fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
        explore(profile, String(seed));
      });
      fc.assert(property, { numRuns: CASES_PER_RELEASE, seed: 20_250_101 });
    },
  );
});

describe("docs/leaks.md", () => {
  it("is what the explorer finds, to the letter", { timeout: 600_000 }, () => {
    const surveys = profiles.map((profile): Survey => {
      const steps = survey(profile, DOCUMENTED_SEED, DOCUMENTED_CASES);
      let next = steps.next();
      while (next.done !== true) next = steps.next();
      return next.value;
    });
    expect(formatLeakDocument(surveys)).toBe(documentedPart(readFileSync("docs/leaks.md", "utf8")));
  });
});
