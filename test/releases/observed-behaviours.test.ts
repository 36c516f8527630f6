import { expect, it } from "vitest";
import { observeBehaviours } from "../../src/releases/observed-behaviours.js";
import { findProfile } from "../../src/releases/profiles.js";

it("counts questions for the named behaviours and changes no answer", () => {
  const { behaviours } = findProfile("v3.32.1")!;
  const observed = observeBehaviours(behaviours, ["reclaimEmptyBlocks", "affinityTypes"]);
  expect([...observed.asked.values()]).toEqual([0, 0]);
  expect(observed.behaviours.reclaimEmptyBlocks).toBe("when older than 60 s");
  expect(observed.behaviours.reclaimEmptyBlocks).toBe(behaviours.reclaimEmptyBlocks);
  expect(observed.behaviours.cniAddTimer).toBe(behaviours.cniAddTimer);
  expect(observed.asked.get("reclaimEmptyBlocks")).toBe(2);
  expect(observed.asked.get("affinityTypes")).toBe(0);
  expect({ ...observed.behaviours }).toEqual(behaviours);
});
