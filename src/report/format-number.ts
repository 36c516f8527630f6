/** Stands in a report where there is no figure (nothing was counted, 0 was divided by 0). */
const NO_FIGURE = "n/a";

/** Puts a comma between groups of three digits of a plain decimal text such as `-1234567.5`. */
function groupThousands(decimal: string): string {
  const point = decimal.indexOf(".");
  const whole = point < 0 ? decimal : decimal.slice(0, point);
  const fraction = point < 0 ? "" : decimal.slice(point);
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + fraction;
}

function formatNonFinite(value: number): string {
  if (Number.isNaN(value)) return NO_FIGURE;
  return value > 0 ? "inf" : "-inf";
}

/** Rounds to a plain decimal text with this many digits after the point; never `-0`. */
function roundedText(value: number, fractionDigits: number): string {
  const text =
    Math.abs(value) < 1e21 ? value.toFixed(fractionDigits) : BigInt(Math.round(value)).toString();
  return Number(text) === 0 ? text.replace("-", "") : text;
}

/** A whole number with thousands separators: `1,234,567`. A fraction is rounded. */
export function formatCount(value: number | bigint): string {
  if (typeof value === "bigint") return groupThousands(value.toString());
  return formatDecimal(value, 0);
}

/** A number with exactly this many digits after the point: `1,234.50`. */
export function formatDecimal(value: number, fractionDigits: number): string {
  if (!Number.isFinite(value)) return formatNonFinite(value);
  return groupThousands(roundedText(value, fractionDigits));
}

/**
 * A number with this many significant digits, never fewer digits than its whole part has:
 * `0.0123`, `1.23`, `12.3`, `1,235`.
 */
export function formatSignificant(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return formatNonFinite(value);
  if (value === 0) return "0";
  // Rounding first decides the magnitude: 9.996 has two digits before the point, not one.
  const magnitude = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(digits)))));
  // toFixed takes at most 100 digits.
  return formatDecimal(value, Math.min(100, Math.max(0, digits - 1 - magnitude)));
}

/** A ratio from 0 to 1 in percent: 0.1234 is `12.3 %`. */
export function formatPercent(ratio: number, fractionDigits = 1): string {
  if (!Number.isFinite(ratio)) return formatNonFinite(ratio);
  return `${formatDecimal(ratio * 100, fractionDigits)} %`;
}

interface Unit {
  readonly name: string;
  readonly size: number;
}

/** The value in the largest unit of which there is at least one after rounding to three digits. */
function formatInUnit(value: number, units: readonly Unit[]): string {
  for (const unit of units) {
    const amount = value / unit.size;
    if (Math.abs(Number(amount.toPrecision(3))) >= 1) {
      return `${formatSignificant(amount)} ${unit.name}`;
    }
  }
  const smallest = units.at(-1)!;
  return `${formatSignificant(value / smallest.size)} ${smallest.name}`;
}

const SHORT_TIMES: readonly Unit[] = [
  { name: "s", size: 1e9 },
  { name: "ms", size: 1e6 },
  { name: "µs", size: 1e3 },
  { name: "ns", size: 1 },
];

const SECOND_NS = 1e9;

/** Two neighbouring units of a duration of two minutes or more: `2 min 5 s`, `12 d 4 h`. */
function formatLongDuration(seconds: number): string {
  const units: readonly Unit[] = [
    { name: "d", size: 86_400 },
    { name: "h", size: 3_600 },
    { name: "min", size: 60 },
    { name: "s", size: 1 },
  ];
  const first = units.findIndex((unit, index) => {
    const lower = units[index + 1];
    return lower !== undefined && Math.round(seconds / lower.size) * lower.size >= unit.size;
  });
  const large = units[first]!;
  const small = units[first + 1]!;
  const smalls = Math.round(seconds / small.size);
  const perLarge = large.size / small.size;
  const rest = smalls % perLarge;
  const head = `${formatCount(Math.floor(smalls / perLarge))} ${large.name}`;
  return rest === 0 ? head : `${head} ${rest} ${small.name}`;
}

/**
 * A duration with three significant digits in the unit that fits (`1.25 ms`, `95.3 s`); from two
 * minutes on in two units (`2 min 5 s`).
 */
export function formatDurationNs(durationNs: number): string {
  if (!Number.isFinite(durationNs)) return formatNonFinite(durationNs);
  if (durationNs === 0) return "0 s";
  const seconds = Math.abs(durationNs) / SECOND_NS;
  if (seconds < 120) return formatInUnit(durationNs, SHORT_TIMES);
  return (durationNs < 0 ? "-" : "") + formatLongDuration(seconds);
}

/** As {@link formatDurationNs}, of a duration in microseconds. */
export function formatDurationUs(durationUs: number): string {
  return formatDurationNs(durationUs * 1e3);
}

const SIZES: readonly Unit[] = [
  { name: "TiB", size: 2 ** 40 },
  { name: "GiB", size: 2 ** 30 },
  { name: "MiB", size: 2 ** 20 },
  { name: "KiB", size: 2 ** 10 },
];

/** A size in binary units: `1.5 MiB`; below one KiB in whole bytes. */
export function formatBytes(sizeBytes: number): string {
  if (!Number.isFinite(sizeBytes)) return formatNonFinite(sizeBytes);
  if (Math.abs(sizeBytes) < 1024) return `${formatCount(sizeBytes)} B`;
  return formatInUnit(sizeBytes, SIZES);
}
