/** Whole seconds of the clock, a fraction, and the offset. */
const CLOCK = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/;
const SECONDS = /^(\d{1,12})(?:\.(\d{1,9}))?$/;

function fractionUs(digits = ""): number {
  return Math.floor(Number(digits.padEnd(9, "0")) / 1000);
}

/** A time of day in RFC 3339, in microseconds since 1970; undefined when it is none. */
export function parseClockUs(text: string): number | undefined {
  const match = CLOCK.exec(text);
  if (match === null) return undefined;
  const milliseconds = Date.parse(`${match[1]}${match[3]}`);
  if (Number.isNaN(milliseconds)) return undefined;
  return milliseconds * 1000 + fractionUs(match[2]);
}

/** Seconds with a fraction, in microseconds; undefined when it is no such number. */
function parseSecondsUs(text: string): number | undefined {
  const match = SECONDS.exec(text);
  return match === null ? undefined : Number(match[1]) * 1e6 + fractionUs(match[2]);
}

/** Either of the two. */
export function parseTimeUs(
  text: string,
): { readonly us: number; readonly isClock: boolean } | undefined {
  const seconds = parseSecondsUs(text);
  if (seconds !== undefined) return { us: seconds, isClock: false };
  const clock = parseClockUs(text);
  return clock === undefined ? undefined : { us: clock, isClock: true };
}
