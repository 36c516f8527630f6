import { parseDuration } from "./duration.js";

/** How a threshold compares. */
export const COMPARISONS = ["<=", "<", ">=", ">", "==", "!="] as const;

export type Comparison = (typeof COMPARISONS)[number];

/** What of a distribution is compared. */
export type Aggregate = "min" | "max" | "mean" | "count" | { readonly percentile: number };

/** A threshold, read. Numbers are in the metric's own unit: microseconds, ratios from 0 to 1. */
export type ThresholdExpression =
  | {
      readonly kind: "number";
      readonly metric: string;
      readonly aggregate: Aggregate | null;
      readonly comparison: Comparison;
      readonly bound: number;
      /** The unit that the bound was written in. */
      readonly unit: "duration" | "percent" | "number";
    }
  | {
      readonly kind: "text";
      readonly metric: string;
      readonly isWanted: boolean;
      readonly part: string;
    };

/** A text that is not a threshold: what was expected, and from which character on it is wrong. */
export class ThresholdSyntaxError {
  constructor(
    readonly expected: string,
    readonly rest: string,
  ) {}
}

/** What is left to read of a threshold. */
class Reader {
  constructor(private rest: string) {}

  take(pattern: RegExp): string | undefined {
    const found = new RegExp(`^\\s*(?:${pattern.source})`).exec(this.rest);
    if (found === null) return undefined;
    this.rest = this.rest.slice(found[0].length);
    return found[0].trim();
  }

  fault(expected: string): ThresholdSyntaxError {
    return new ThresholdSyntaxError(expected, this.rest.trim());
  }
}

const AGGREGATES = "p(99), min, max, mean or count";
const NUMBER = /-?\d+(\.\d+)?(e[+-]?\d+)?/i;

function readAggregate(reader: Reader): Aggregate | null | ThresholdSyntaxError {
  const named = reader.take(/(?:min|max|mean|count)\b/);
  if (named !== undefined) return named as "min" | "max" | "mean" | "count";
  if (reader.take(/p\(/) === undefined) return null;
  const percentile = Number(reader.take(NUMBER) ?? NaN);
  if (!(percentile > 0 && percentile <= 100))
    return reader.fault("a percentile above 0, at most 100");
  return reader.take(/\)/) === undefined ? reader.fault(")") : { percentile };
}

type Bound = Pick<Extract<ThresholdExpression, { kind: "number" }>, "bound" | "unit">;

function readBound(reader: Reader): Bound | ThresholdSyntaxError {
  const percent = reader.take(new RegExp(`${NUMBER.source}\\s*%`));
  if (percent !== undefined) return { bound: Number.parseFloat(percent) / 100, unit: "percent" };
  const duration = reader.take(/(?:\d+(?:\.\d+)?(?:us|ms|s|m|h|d))+/);
  const us = duration === undefined ? undefined : parseDuration(duration);
  if (us !== undefined) return { bound: us, unit: "duration" };
  const number = reader.take(NUMBER);
  if (number !== undefined) return { bound: Number(number), unit: "number" };
  return reader.fault("a number, a percentage such as 99.9% or a duration such as 5s");
}

/**
 * Reads a threshold.
 *
 *     threshold  := metric [":"] ( number-test | text-test )
 *     number-test := [aggregate] comparison bound
 *     text-test  := ["not"] "contains" string
 *     aggregate  := "p(" number ")" | "min" | "max" | "mean" | "count"
 *     comparison := "<=" | "<" | ">=" | ">" | "==" | "!="
 *     bound      := number | number "%" | duration
 *     duration   := ( number ( "us" | "ms" | "s" | "m" | "h" | "d" ) )+
 *     string     := '"' characters without '"' '"'
 *     metric     := a letter, then letters, digits and "_"
 *
 * Blanks between the parts do not count. Which metrics there are, and whether they are numbers,
 * distributions or texts, is the metric catalogue's matter.
 */
export function parseThreshold(text: string): ThresholdExpression | ThresholdSyntaxError {
  const reader = new Reader(text);
  const metric = reader.take(/[a-z]\w*/i);
  if (metric === undefined) return reader.fault("the name of a metric");
  reader.take(/:/);
  const negation = reader.take(/not\b/);
  if (reader.take(/contains\b/) !== undefined) {
    const part = reader.take(/"[^"]+"/);
    if (part === undefined) return reader.fault('a text in "quotes"');
    if (reader.take(/./) !== undefined) return new ThresholdSyntaxError("nothing more", "");
    return { kind: "text", metric, isWanted: negation === undefined, part: part.slice(1, -1) };
  }
  if (negation !== undefined) return reader.fault("contains");
  const aggregate = readAggregate(reader);
  if (aggregate instanceof ThresholdSyntaxError) return aggregate;
  const comparison = COMPARISONS.find((sign) => reader.take(new RegExp(sign)) !== undefined);
  if (comparison === undefined) {
    const before = aggregate === null ? `${AGGREGATES}, contains, or ` : "";
    return reader.fault(`${before}one of ${COMPARISONS.join(" ")}`);
  }
  const bound = readBound(reader);
  if (bound instanceof ThresholdSyntaxError) return bound;
  const rest = reader.take(/.+/);
  if (rest !== undefined) return new ThresholdSyntaxError("nothing more", rest);
  return { kind: "number", metric, aggregate, comparison, ...bound };
}
