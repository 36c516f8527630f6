import { describe, expect, it } from "vitest";
import { compareRandomly, WORLDS } from "./random-operations.js";

describe.each(["coarse-lock", "lock-reduced"] as const)("%s", (kind) => {
  it.each(Object.keys(WORLDS))("decides as the protocol model does: %s", (world) => {
    const compared = compareRandomly(kind, world, 3000, `quick ${world}`);
    expect(Object.keys(compared).sort()).toEqual([
      "autoAssign",
      "claimAffinity",
      "releaseAffinity",
      "releaseBlockAffinity",
      "releaseByHandle",
      "releaseHostAffinities",
      "releaseIPs",
      "setIPAMConfig",
    ]);
  });
});
