import { describe, expect, it } from "vitest";
import { compareRandomly, WORLDS } from "./random-operations.js";

/** Three worlds: more than 100,000 operations for each allocator. */
const OPERATIONS = 34_000;

describe.each(["coarse-lock", "lock-reduced"] as const)("%s", (kind) => {
  it.each(Object.keys(WORLDS))(
    "decides as the protocol model does for long: %s",
    (world) => {
      const compared = compareRandomly(kind, world, OPERATIONS, `long ${world}`);
      const sum = Object.values(compared).reduce((total, count) => total + count, 0);
      expect(sum).toBe(OPERATIONS);
    },
    600_000,
  );
});
