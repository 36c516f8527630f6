import { describe, expect, it } from "vitest";
import { describeRound } from "../../src/exploration/engine.js";
import { explore, tryExplore } from "../../src/exploration/explore.js";
import { caseSeed, surveyedProfiles } from "../../src/exploration/survey.js";
import { isSystematicSeed } from "../../src/exploration/systematic.js";
import { knownReleases, findProfile } from "../../src/releases/profiles.js";
import { BROKEN_DATASTORES } from "./broken-datastores.js";

const profiles = surveyedProfiles();
const v3284 = findProfile("v3.28.4")!;

/** Behaviours that lie outside the allocation library, which alone is explored. */
const ELSEWHERE = /^(gc|cni|kubernetes|untypedAffinities)/;

function allocationBehaviours(name: string): string {
  const entries = Object.entries(findProfile(name)!.behaviours);
  return JSON.stringify(entries.filter(([behaviour]) => !ELSEWHERE.test(behaviour)));
}

describe("exploration", () => {
  it.each(profiles.map((profile) => [profile.name, profile] as const))(
    "%s keeps the invariants whatever fails, dies or runs at the same time",
    (_name, profile) => {
      for (let number = 0; number < 60; number++) explore(profile, caseSeed("fast", number));
    },
  );

  it("does what it is for: operations meet, faults fire, clients die, work gets done", () => {
    const seen = { concurrent: 0, fired: 0, died: 0, assigned: 0, conflicts: 0 };
    for (let number = 0; number < 200; number++) {
      for (const round of explore(v3284, caseSeed("fast", number)).rounds) {
        if (new Set(round.calls.map(([client]) => client)).size > 1) seen.concurrent++;
        seen.conflicts += round.calls.filter(([, , , outcome]) => outcome === "conflict").length;
        for (const { firedFaults, outcome } of round.clients) {
          seen.fired += firedFaults;
          if (outcome === undefined) seen.died++;
          seen.assigned += outcome?.assigned.length ?? 0;
        }
      }
    }
    expect(seen.concurrent).toBeGreaterThan(100);
    expect(seen.fired).toBeGreaterThan(50);
    expect(seen.died).toBeGreaterThan(10);
    expect(seen.assigned).toBeGreaterThan(200);
    expect(seen.conflicts).toBeGreaterThan(20);
  });

  it("leaves nothing but too high handle counts when operations run alone and nothing fails", () => {
    let calmRuns = 0;
    for (const profile of profiles) {
      for (let number = 0; number < 150; number++) {
        const result = explore(profile, caseSeed("calm", number));
        const isCalm = result.rounds.every(
          ({ clients }) =>
            clients.length === 1 &&
            clients.every((client) => client.firedFaults === 0 && client.deadline === null) &&
            clients.every((client) => client.diesAfter === null),
        );
        if (!isCalm) continue;
        calmRuns++;
        const kinds = new Set(result.leaks.map((leak) => leak.kind));
        kinds.delete("handle-without-address");
        expect([...kinds], result.seed).toEqual([]);
      }
    }
    expect(calmRuns).toBeGreaterThan(50);
  });

  it("gives the same run for the same seed, to the letter", () => {
    const tell = (seed: string) =>
      explore(v3284, seed).rounds.flatMap((round) => describeRound(round));
    expect(tell("a")).toEqual(tell("a"));
    expect(tell("a")).not.toEqual(tell("b"));
  });

  it("surveys the newest release of every line, and the two models", () => {
    const surveyed = new Set(profiles.map((profile) => allocationBehaviours(profile.name)));
    expect(surveyed.size).toBeGreaterThanOrEqual(7);
    const missing = knownReleases().filter((name) => !surveyed.has(allocationBehaviours(name)));
    // These differ from a surveyed one in how often a lost race is tried again, or are older
    // patches of a line whose newest one is surveyed.
    expect(missing.filter((name) => !/^v3\.(30|31|32)\./.test(name))).toEqual([]);
  });

  it("ends a run of the locking model when a client dies inside the lock, and says so", () => {
    const pre = findProfile("pre-3.28.4")!;
    const stopped = Array.from({ length: 300 }, (_, number) =>
      explore(pre, caseSeed("lock", number)),
    ).filter((result) => result.stopped !== undefined);
    expect(stopped.length).toBeGreaterThan(0);
    expect(stopped[0]!.stopped).toBe("a client died holding the lock: nobody else can go on");
    for (let number = 0; number < 300; number++) {
      expect(explore(v3284, caseSeed("lock", number)).stopped).toBeUndefined();
    }
  });

  it.each(["sweep:nonsense", "race:a/b", "sweep:releasebyhandle/x", "race:one-pod/a/b/1-1"])(
    "refuses the unknown systematic case %s",
    (seed) => {
      expect(isSystematicSeed(seed)).toBe(true);
      expect(() => explore(v3284, seed)).toThrow(RangeError);
    },
  );
});

describe("a datastore with a defect", () => {
  const CASES = 300;

  it.each(BROKEN_DATASTORES)(`is noticed within ${CASES} cases: %s`, (_name, wrap) => {
    for (let number = 0; number < CASES; number++) {
      const result = tryExplore(v3284, caseSeed("broken", number), { wrap });
      if (!("violation" in result)) continue;
      expect(result.violation.message).toContain(`--seed ${result.seed}`);
      expect(result.violation.message).toMatch(/step \d+/);
      return;
    }
    expect.fail("no case noticed it");
  });
});
