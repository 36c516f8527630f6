import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CsvRow, detached } from "../../../src/formats/traces/csv-row.js";

const csvText = (fields: readonly string[]) =>
  fields
    .map((field) => (/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field))
    .join(",");

describe("CsvRow", () => {
  it("gives back any fields, quoted or not, as a CSV parser does", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "0", " ", ",", '"', "é", "💩") });
    fc.assert(
      fc.property(fc.array(letters, { minLength: 2, maxLength: 90 }), (fields) => {
        const row = new CsvRow("f");
        const text = csvText(fields);
        row.load(text, 1);
        expect(row.texts()).toEqual(fields);
        expect(row.texts()).toEqual(parse(text)[0]);
        fields.forEach((field, i) => {
          expect(row.is(i, field)).toBe(true);
          expect(row.is(i, `${field}x`)).toBe(false);
        });
      }),
    );
  });

  it("reads whole numbers exactly and nothing else", () => {
    const number = (text: string) => {
      const row = new CsvRow("f", ["a", "b"]);
      row.load(`x,${text}`, 3);
      return row.wholeNumber(1, "a number");
    };
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        fc.pre(value <= 999_999_999_999_999);
        expect(number(String(value))).toBe(value);
      }),
    );
    expect(number('"12"')).toBe(12);
    for (const text of ["", " 1", "1 ", "-1", "+1", "1.0", "1e3", "0x1", "１", "1_000"]) {
      expect(() => number(text), text).toThrow(/^f:3:3: b: expected a number, found /);
    }
    expect(() => number("1000000000000000")).toThrow("at most 15 digits");
  });
});

describe("detached", () => {
  it("is the same text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(detached(text)).toBe(text);
      }),
    );
  });
});
