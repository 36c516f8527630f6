import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { explore } from "../../src/exploration/explore.js";
import { LEAK_KINDS, type LeakKind, leakKinds } from "../../src/exploration/leaks.js";
import { SURVEYED_RELEASES, SurveyTally } from "../../src/exploration/survey.js";
import { sweepCases } from "../../src/exploration/systematic.js";
import { findProfile } from "../../src/releases/profiles.js";
import { documentedPart } from "./leak-document.js";

const text = documentedPart(readFileSync("docs/leaks.md", "utf8"));

interface DocumentedCase {
  readonly kind: LeakKind;
  readonly cause: string;
  readonly releases: readonly string[];
  readonly seed: string;
}

/** The rows of the tables of shortest cases. */
function documentedCases(): DocumentedCase[] {
  const cases: DocumentedCase[] = [];
  for (const section of text.split("\n### ").slice(1)) {
    const kind = section.split("\n", 1)[0] as LeakKind;
    for (const line of section.split("\n")) {
      const match = /^\| ([a-z ]+) \| .* \| ([^|]+) \| `.* --seed '?([^'`]+)'?` \|$/.exec(line);
      if (match === null) continue;
      const [, cause, releases, seed] = match;
      const names = releases === "all" ? [...SURVEYED_RELEASES] : releases!.split(", ");
      cases.push({ kind, cause: cause!, releases: names, seed: seed! });
    }
  }
  return cases;
}

const cases = documentedCases();

describe("docs/leaks.md", () => {
  it("explains every kind of leak", () => {
    for (const kind of leakKinds)
      expect(text.toLowerCase()).toContain(LEAK_KINDS[kind].toLowerCase());
    expect(cases.length).toBeGreaterThan(20);
  });

  it("names cases that leave what it says, on every release it says", () => {
    const wrong = cases.flatMap(({ kind, releases, seed }) =>
      releases
        .filter((release) => {
          const { leaks } = explore(findProfile(release)!, seed);
          return !leaks.some((leak) => leak.kind === kind);
        })
        .map((release) => `${kind}: ${release} ${seed}`),
    );
    expect(wrong).toEqual([]);
  });

  it("gives the shortest single faults, deadlines and deaths of v3.28.4 that a new sweep finds", () => {
    const release = "v3.28.4";
    const profile = findProfile(release)!;
    const tally = new SurveyTally(profile);
    for (const { seed, cause } of sweepCases(profile)) tally.run(seed, cause);
    const found = tally.result().findings;
    const words = {
      nothing: "by itself",
      fault: "fault",
      deadline: "deadline",
      death: "death",
    } as const;
    for (const kind of leakKinds) {
      for (const [cause, word] of Object.entries(words) as [keyof typeof words, string][]) {
        const documented = cases.find(
          (row) => row.kind === kind && row.cause === word && row.releases.includes(release),
        );
        expect(documented?.seed, `${kind} by ${word}`).toBe(found[kind][cause]?.seed);
      }
    }
  });
});
