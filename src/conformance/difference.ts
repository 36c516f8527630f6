import type { Json, TraceCall } from "../formats/golden/trace-line.js";

/** The first place where ipamlab and a recording differ. */
export interface Difference {
  /** Line of the trace file. */
  readonly line: number;
  /** Number of the operation in the file, from 1; undefined for a snapshot or header. */
  readonly operation?: number | undefined;
  /** What is compared: `calls`, `result`, `snapshot` … */
  readonly what: string;
  /** The recorded operation, as JSON text. */
  readonly subject: string;
  readonly expected: Json;
  readonly actual: Json;
}

/** JSON text with the keys of objects in order, so that equal values have equal texts. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item !== "object" || item === null || Array.isArray(item)) return item;
    const entries = Object.entries(item).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return Object.fromEntries(entries);
  });
}

export function isSame(a: unknown, b: unknown): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

function describeCall(call: TraceCall | undefined): string {
  return call === undefined
    ? "(none)"
    : call.map((part) => (typeof part === "string" ? part : canonicalJson(part))).join(" ");
}

const CALLS_BEFORE = 5;
const CALLS_AFTER = 3;

/** Expected and actual calls side by side, around the first one that differs. */
export function sideBySide(expected: readonly TraceCall[], actual: readonly TraceCall[]): string[] {
  const longest = Math.max(expected.length, actual.length);
  let first = 0;
  while (first < longest && isSame(expected[first], actual[first])) first++;
  const from = Math.max(0, first - CALLS_BEFORE);
  const to = Math.min(longest, first + CALLS_AFTER + 1);
  const rows: [string, string, string, string][] = [["call", "expected", "", "actual"]];
  for (let i = from; i < to; i++) {
    const mark = isSame(expected[i], actual[i]) ? "" : "≠";
    rows.push([String(i + 1), describeCall(expected[i]), mark, describeCall(actual[i])]);
  }
  const width = (column: 0 | 1) => Math.max(...rows.map((row) => row[column].length));
  const [numberWidth, expectedWidth] = [width(0), width(1)];
  const lines = rows.map(
    ([number, left, mark, right]) =>
      `${number.padStart(numberWidth)}  ${left.padEnd(expectedWidth)} ${mark.padEnd(1)} ${right}`,
  );
  if (from > 0) lines.splice(1, 0, `${"".padStart(numberWidth)}  … ${from} equal calls before`);
  return lines;
}

/** For objects: only the keys that differ, one level deep, so that a snapshot stays readable. */
export function differingParts(expected: Json, actual: Json, path = ""): string[] {
  if (isSame(expected, actual)) return [];
  if (!isPlain(expected) || !isPlain(actual)) {
    const where = path === "" ? "" : `${path}: `;
    return [`${where}expected ${shorten(expected)}`, `${where}actual   ${shorten(actual)}`];
  }
  const keys = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].sort();
  return keys.flatMap((key) =>
    differingParts(
      expected[key] ?? null,
      actual[key] ?? null,
      path === "" ? key : `${path} ${key}`,
    ),
  );
}

function isPlain(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const SHOWN_LENGTH_MAX = 400;

function shorten(value: Json): string {
  const text = canonicalJson(value);
  return text.length <= SHOWN_LENGTH_MAX ? text : `${text.slice(0, SHOWN_LENGTH_MAX)}…`;
}
