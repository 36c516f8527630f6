import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatCount,
  formatDecimal,
  formatDurationNs,
  formatDurationUs,
  formatPercent,
  formatSignificant,
} from "../../src/report/format-number.js";

describe("formatCount", () => {
  it.each<[number | bigint, string]>([
    [0, "0"],
    [-0, "0"],
    [999, "999"],
    [1000, "1,000"],
    [-1234567, "-1,234,567"],
    [1234.5, "1,235"],
    [-0.4, "0"],
    [2n ** 64n, "18,446,744,073,709,551,616"],
    [1e21, "1,000,000,000,000,000,000,000"],
    [NaN, "n/a"],
    [-Infinity, "-inf"],
  ])("%s is %s", (value, expected) => {
    expect(formatCount(value)).toBe(expected);
  });

  it("loses no digit of a whole number", () => {
    fc.assert(
      fc.property(fc.bigInt(), (value) => {
        expect(BigInt(formatCount(value).replaceAll(",", ""))).toBe(value);
      }),
    );
  });
});

describe("formatDecimal", () => {
  it.each<[number, number, string]>([
    [1234.5, 2, "1,234.50"],
    [0.999, 2, "1.00"],
    [-0.001, 2, "0.00"],
    [1234567.891, 1, "1,234,567.9"],
    [0.1234567, 6, "0.123457"],
  ])("%s with %s digits is %s", (value, digits, expected) => {
    expect(formatDecimal(value, digits)).toBe(expected);
  });
});

describe("formatSignificant", () => {
  it.each<[number, string]>([
    [0, "0"],
    [0.012345, "0.0123"],
    [1.2345, "1.23"],
    [9.996, "10.0"],
    [99.96, "100"],
    [1234.5, "1,235"],
    [-0.5, "-0.500"],
    [1e-7, "0.000000100"],
  ])("%s is %s", (value, expected) => {
    expect(formatSignificant(value)).toBe(expected);
  });

  it("is within half a unit of the third digit", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-9, max: 1e15, noNaN: true }), (value) => {
        const read = Number(formatSignificant(value).replaceAll(",", ""));
        expect(Math.abs(read - value)).toBeLessThanOrEqual(value * 0.005 + 1e-12);
      }),
    );
  });
});

describe("formatPercent", () => {
  it.each<[number, string]>([
    [0.1234, "12.3 %"],
    [1, "100.0 %"],
    [0, "0.0 %"],
    [0 / 0, "n/a"],
  ])("%s is %s", (ratio, expected) => {
    expect(formatPercent(ratio)).toBe(expected);
  });
});

describe("formatDurationNs", () => {
  it.each<[number, string]>([
    [0, "0 s"],
    [1, "1.00 ns"],
    [999, "999 ns"],
    [999.9, "1.00 µs"],
    [1_250_000, "1.25 ms"],
    [999_999_999, "1.00 s"],
    [95.34e9, "95.3 s"],
    [119.96e9, "120 s"],
    [125e9, "2 min 5 s"],
    [120e9, "2 min"],
    [3599.6e9, "1 h"],
    [3600e9, "1 h"],
    [12_000e9, "3 h 20 min"],
    [86_399e9, "1 d"],
    [12 * 86_400e9 + 4 * 3_600e9, "12 d 4 h"],
    [-5e6, "-5.00 ms"],
    [-125e9, "-2 min 5 s"],
    [NaN, "n/a"],
  ])("%s is %s", (durationNs, expected) => {
    expect(formatDurationNs(durationNs)).toBe(expected);
  });

  it("has a variant for microseconds", () => {
    expect(formatDurationUs(1_250)).toBe("1.25 ms");
  });
});

describe("formatBytes", () => {
  it.each<[number, string]>([
    [0, "0 B"],
    [1023, "1,023 B"],
    [1024, "1.00 KiB"],
    [1_572_864, "1.50 MiB"],
    [1024 ** 3 - 1, "1.00 GiB"],
    [3 * 1024 ** 4, "3.00 TiB"],
  ])("%s is %s", (size, expected) => {
    expect(formatBytes(size)).toBe(expected);
  });
});
