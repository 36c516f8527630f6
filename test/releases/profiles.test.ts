import { describe, expect, it } from "vitest";
import { BEHAVIOUR_CATALOGUE } from "../../src/releases/behaviour-catalogue.js";
import type { Behaviours } from "../../src/releases/behaviours.js";
import { findProfile, knownReleases } from "../../src/releases/profiles.js";
import { hasChange, parseRelease } from "../../src/releases/release-name.js";

describe("hasChange", () => {
  it.each([
    // The tags are those of the handle errors: two back-ports and the line that had it first.
    ["v3.28.5", false],
    ["v3.29.6", false],
    ["v3.29.7", true],
    ["v3.30.0", false],
    ["v3.30.3", false],
    ["v3.30.4", true],
    ["v3.31.0", true],
    ["v3.32.1", true],
  ])("%s: %s", (name, expected) => {
    expect(hasChange(parseRelease(name)!, ["v3.29.7", "v3.30.4", "v3.31.0"])).toBe(expected);
  });
});

describe("profiles", () => {
  it.each<[string, Partial<Behaviours>]>([
    ["v3.27.5", { gcEmptyBlockRule: "if the node's other blocks have 3 free addresses" }],
    ["v3.28.4", { gcEmptyBlockRule: "all", handleIncrementError: "ignored" }],
    ["v3.29.7", { handleIncrementError: "stops, wrapped", cniAddTimer: "after the lock" }],
    ["v3.30.4", { untypedAffinities: "not seen", releaseIpsPools: "all, one list" }],
    ["v3.30.5", { untypedAffinities: "host", releasePoolAffinitiesRounds: 100 }],
    ["v3.31.0", { cniDelTimer: "before the lock", gcRetry: "back-off, never reset" }],
    ["v3.31.6", { cniDelTimer: "after the lock", reclaimEmptyBlocks: "never" }],
    ["v3.31.7", { ensureBlockIpv6Pools: "the IPv6 ones" }],
    ["v3.32.1", { ensureBlockIpv6Pools: "the IPv4 ones, by mistake", existsErrorShowsInner: true }],
    ["pre-3.28.4", { coarseAllocationLock: true }],
    ["post-3.28.4", { coarseAllocationLock: false }],
  ])("%s behaves as its sources say", (name, expected) => {
    expect(findProfile(name)?.behaviours).toMatchObject(expected);
  });

  it("v3.28.3 and v3.28.4 have the same behaviours", () => {
    expect(findProfile("v3.28.3")?.behaviours).toEqual(findProfile("v3.28.4")?.behaviours);
  });

  it("knows its own names, with and without v, and no others", () => {
    for (const name of knownReleases()) expect(findProfile(name)?.name).toBe(name);
    expect(findProfile("3.28.4")?.name).toBe("v3.28.4");
    for (const name of ["v3.26.0", "v3.28.6", "v3.33.0", "v4.28.4", "", "latest"]) {
      expect(findProfile(name)).toBeUndefined();
    }
  });

  it("gives every change a source and an effect", () => {
    for (const record of Object.values(BEHAVIOUR_CATALOGUE)) {
      expect(record.source).toMatch(/@v3\.\d+\.\d+/);
      for (const change of record.changes) {
        expect(change.source).toMatch(/@v3\.\d+\.\d+/);
        expect(change.effect).not.toBe("");
      }
    }
  });
});
