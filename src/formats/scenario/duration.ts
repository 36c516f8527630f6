import * as z from "zod";

/** Whole microseconds. Fields of a scenario that are written as durations hold these once read. */
export type Microseconds = number;

const US_PER_UNIT = { us: 1, ms: 1000, s: 1e6, m: 60e6, h: 3600e6, d: 86_400e6 } as const;

const PART = /(\d+(?:\.\d+)?)(us|ms|s|m|h|d)/g;
const DURATION = /^(\d+(\.\d+)?(us|ms|s|m|h|d))+$/;

/** Longest duration, 100 years: far from the largest integer that is exact. */
const DURATION_US_MAX = 36_500 * US_PER_UNIT.d;

/** Completes "expected …". */
export const DURATION_TEXT = "a duration such as 90s, 10m or 1h30m";

/**
 * Reads a duration as k6 writes them: numbers with units (`us`, `ms`, `s`, `m`, `h`, `d`), one after
 * the other: `90s`, `1h30m`, `1.5s`, `250ms`.
 *
 * @returns microseconds, or undefined when the text is no duration.
 */
export function parseDuration(written: string): Microseconds | undefined {
  if (!DURATION.test(written)) return undefined;
  let sum = 0;
  for (const [, number, unit] of written.matchAll(PART)) {
    sum += Number(number) * US_PER_UNIT[unit as keyof typeof US_PER_UNIT];
  }
  return sum <= DURATION_US_MAX ? Math.round(sum) : undefined;
}

function fault(written: string, min: Microseconds): string | undefined {
  const found = `found ${JSON.stringify(written)}`;
  const us = parseDuration(written);
  if (us === undefined) return `expected ${DURATION_TEXT}, ${found}`;
  return us < min ? `expected more than no time at all, ${found}` : undefined;
}

function durationFrom(min: Microseconds) {
  return z
    .string(DURATION_TEXT)
    .superRefine((written, context) => {
      const message = fault(written, min);
      if (message !== undefined) context.addIssue(message);
    })
    .meta({ pattern: DURATION.source, examples: ["90s", "10m", "1h30m"] })
    .transform((written) => parseDuration(written) ?? 0);
}

/** A duration, 0s included. */
export const duration = () => durationFrom(0);

/** A duration above 0s. */
export const positiveDuration = () => durationFrom(1);
