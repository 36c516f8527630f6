import { describe, expect, it } from "vitest";
import { readScenarioHeader } from "../../../src/formats/scenario/scenario-header.js";

describe("the header of a scenario file", () => {
  it("has a title and labelled paragraphs, whose lines are joined", () => {
    const text = [
      "# yaml-language-server: $schema=../scenario.schema.json",
      "#",
      "# What happens",
      "#",
      "# Story: It began",
      "# and it ended.",
      "#",
      "# Look for: the end: it is near.",
      "#",
      "# Only for readers.",
      "ipamlab: 1",
      "# Cure: not in the head",
    ].join("\n");
    expect(readScenarioHeader(text)).toEqual({
      title: "What happens",
      story: "It began and it ended.",
      source: undefined,
      reported: undefined,
      lookFor: "the end: it is near.",
      cure: undefined,
    });
  });

  it("may be missing", () => {
    expect(readScenarioHeader("ipamlab: 1\n").title).toBeUndefined();
    expect(readScenarioHeader("").title).toBeUndefined();
  });
});
