import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BadInput } from "../../../src/failure/failure.js";
import { loadText } from "./load-text.js";

/** The quickstart and a scenario with every kind of field, with paths from the repository. */
const ORIGINALS = [
  readFileSync("scenarios/quickstart.yaml", "utf8").replaceAll("traces/", "scenarios/traces/"),
  `ipamlab: 1
name: all fields
description: |
  A text of
  two lines.
release: pre-3.28.4
seed: "x"
pools:
  - &first { name: a, cidr: 10.0.0.0/16, blockSize: 26, nodeSelector: "has(rack)" }
  - { name: b, cidr: "fd00::/48", disabled: false, allowedUses: [Workload] }
ipamConfig: { strictAffinity: true, maxBlocksPerHost: 2 }
reservations: [{ name: r, cidrs: [10.0.0.1, 10.0.1.0/24] }]
nodes:
  list:
    - name: n1
      labels: { rack: r1 }
    - name: n2
workload:
  - executor: trace
    file: scenarios/traces/openb_pod_list_default.csv
    placement: random
    compress: 60
`,
];

/** More by `MUTATION_RUNS=20000`. */
const RUNS = Number(process.env["MUTATION_RUNS"] ?? 400);

const SNIPPETS = [
  "\n",
  " ",
  "  ",
  "\t",
  ":",
  ": ",
  "- ",
  "[",
  "]",
  "{",
  "}",
  "*first",
  "&first ",
  "!!set ",
  "'",
  '"',
  "#",
  "|",
  ">",
  "%",
  "@",
  "null",
  "~",
  "-1",
  "1e999",
  ".nan",
  "0x1f",
  "true",
  "10.0.0.0/8",
  "::/0",
  "---\n",
  "...\n",
  "<<: *first",
  "__proto__: 1\n",
  "constructor: 1\n",
  "? ",
  "\u0000",
  "\u2028",
  "\u{1f4a9}",
  "\ud800",
  "\r",
  "count: 3\n",
  "csv: {file: /}\n",
  "file: -\n",
];

const mutation = fc.record({
  at: fc.nat(9999).map((place) => place / 10_000),
  cut: fc.constantFrom(0, 0, 1, 5, 30),
  insert: fc.oneof(fc.constantFrom(...SNIPPETS), fc.string({ maxLength: 5, unit: "binary" })),
});

function mutate(text: string, { at, cut, insert }: { at: number; cut: number; insert: string }) {
  const start = Math.floor(at * text.length);
  return text.slice(0, start) + insert + text.slice(start + cut);
}

describe("mutated scenarios", () => {
  it.each(ORIGINALS)("begin as good ones", async (text) => {
    expect((await loadText(text)).nodes.length).toBeGreaterThan(1);
  });

  it("are read or refused with places, and nothing else", { timeout: 300_000 }, async () => {
    const seen = { read: 0, refused: 0 };
    const text = fc
      .tuple(fc.constantFrom(...ORIGINALS), fc.array(mutation, { minLength: 1, maxLength: 3 }))
      .map(([original, mutations]) => mutations.reduce(mutate, original));
    const property = fc.asyncProperty(text, async (mutated) => {
      try {
        const scenario = await loadText(mutated);
        expect(scenario.nodes.length).toBeGreaterThan(0);
        expect(scenario.pools.length).toBeGreaterThan(0);
        seen.read++;
      } catch (error) {
        if (!(error instanceof BadInput)) throw error;
        seen.refused++;
        const lines = mutated.split("\n").length;
        expect(error.faults.length).toBeGreaterThan(0);
        for (const fault of error.faults) {
          if (fault.file === "-" && fault.line !== undefined) {
            expect(fault.line).toBeGreaterThan(0);
            expect(fault.line).toBeLessThanOrEqual(lines);
          }
          expect(fault.message).not.toMatch(/[\p{Cc}\u2028\u2029]|undefined|\[object/u);
          expect(fault.field ?? "").not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        }
      }
    });
    await fc.assert(property, { numRuns: RUNS });
    expect(seen.read).toBeGreaterThan(RUNS / 20);
    expect(seen.refused).toBeGreaterThan(RUNS / 20);
  });
});
