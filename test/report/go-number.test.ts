import { expect, test } from "vitest";
import { formatGoCount, formatGoWhole } from "../../src/report/go-number.js";

test.each([
  [0, "0"],
  [99_999, "99999"],
  [100_000, "1e+05"],
  [131_065, "1.3106e+05"],
  [131_075, "1.3108e+05"],
  [999_995, "1e+06"],
  [2 ** 21, "2.0972e+06"],
  [2 ** 64, "1.8447e+19"],
  [2 ** 128, "3.4028e+38"],
])("%d as %%.5g is %s", (value, text) => {
  expect(formatGoCount(value)).toBe(text);
});

test.each([
  [0.5, "0"],
  [12.5, "12"],
  [37.5, "38"],
  [62.5, "62"],
  [99.99, "100"],
])("%d as %%.f is %s", (value, text) => {
  expect(formatGoWhole(value)).toBe(text);
});
