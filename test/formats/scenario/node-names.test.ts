import { describe, expect, it } from "vitest";
import { nodeNames } from "../../../src/formats/scenario/node-names.js";

describe("nodeNames", () => {
  it.each([
    [1, "node-", "node-0000", "node-0000"],
    [300, "node-", "node-0000", "node-0299"],
    [10_000, "w", "w0000", "w9999"],
    [10_001, "w", "w00000", "w10000"],
  ])("%i nodes with prefix %s are %s to %s", (count, prefix, first, last) => {
    const names = nodeNames(count, prefix);
    expect(names).toHaveLength(count);
    expect([names[0], names.at(-1)]).toEqual([first, last]);
    expect(names.toSorted()).toEqual(names);
  });
});
