import {
  formatCount,
  formatDurationUs,
  formatPercent,
  formatSignificant,
} from "./format-number.js";
import { printableText } from "./printable-text.js";

/** What a threshold was compared with, in words. */
export function measuredText(value: number | string | null, unit: string): string {
  if (value === null) return "nothing was measured";
  if (typeof value === "string") return value === "" ? "there is none" : printableText(value);
  if (unit === "ratio") return formatPercent(value, 3);
  if (unit === "us") return formatDurationUs(value);
  return Number.isInteger(value) ? formatCount(value) : formatSignificant(value);
}
