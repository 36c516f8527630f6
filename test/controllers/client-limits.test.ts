import { expect, it } from "vitest";
import { collectorClientLimits } from "../../src/controllers/client-limits.js";
import { findProfile } from "../../src/releases/profiles.js";

it.each([
  ["v3.28.4", 5, 5, 10],
  ["v3.30.7", 5, 5, 10],
  ["v3.31.0", 500, 100, 200],
  ["v3.32.1", 500, 100, 200],
] as const)("limits the clients of %s", (name, calicoPerSecond, podsPerSecond, podsBurst) => {
  expect(collectorClientLimits(findProfile(name)!.behaviours)).toEqual({
    calico: { perSecond: calicoPerSecond, burst: 100 },
    kubernetes: { perSecond: podsPerSecond, burst: podsBurst },
  });
});
