import { parseDuration } from "../formats/scenario/duration.js";
import type { Growth } from "../planning/plan-case.js";
import { UNCERTAIN_INPUTS, type UncertainRange } from "../planning/plan-question.js";
import { UsageError } from "./usage-error.js";

/** What `--grow` may be said to grow by. */
const PERIODS_US = { day: 86_400e6, week: 7 * 86_400e6, month: 30 * 86_400e6 } as const;

/** A duration above 0s given by an option, in microseconds. */
export function durationOption(name: string, text: string): number {
  const us = parseDuration(text);
  if (us === undefined || us <= 0) {
    throw new UsageError(`--${name}: expected a duration such as 90d or 12h, got "${text}"`);
  }
  return us;
}

/** `nodes=5%/month`: a month is 30 days. */
export function growthOption(text: string): Growth {
  const match = /^nodes=(?<percent>\d+(\.\d+)?)%\/(?<period>day|week|month)$/.exec(text);
  const percent = Number(match?.groups!["percent"]);
  if (match === null || percent <= 0 || percent > 1000) {
    throw new UsageError(`--grow: expected growth such as nodes=5%/month, got "${text}"`);
  }
  const everyUs = PERIODS_US[match.groups!["period"] as keyof typeof PERIODS_US];
  return { share: percent / 100, everyUs };
}

/** `nodes=300..420`, `pods=0.8..1.5` (a factor), `lifetime=0.5..2` (a factor). */
export function rangeOption(text: string): UncertainRange {
  const match = /^(?<input>\w+)=(?<low>\d+(\.\d+)?)\.\.(?<high>\d+(\.\d+)?)$/.exec(text);
  const input = UNCERTAIN_INPUTS.find((name) => name === match?.groups!["input"]);
  const low = Number(match?.groups!["low"]);
  const high = Number(match?.groups!["high"]);
  const isWhole = Number.isSafeInteger(low) && Number.isSafeInteger(high);
  if (input === undefined || !(low > 0 && low < high) || (input === "nodes" && !isWhole)) {
    throw new UsageError(
      `--range: expected a range such as nodes=300..420, pods=0.8..1.5 or lifetime=0.5..2 ` +
        `(pods and lifetime are factors), got "${text}"`,
    );
  }
  return { input, low, high };
}

/** A probability above 0 and below 1, as in `0.1%` or `0.001`. */
export function riskOption(text: string): number {
  const match = /^(?<number>\d+(\.\d+)?(e-\d+)?)(?<percent> ?%)?$/.exec(text);
  const value = Number(match?.groups!["number"]) / (match?.groups!["percent"] ? 100 : 1);
  if (!(value > 0 && value < 1)) {
    throw new UsageError(`--risk: expected a probability such as 1% or 0.001, got "${text}"`);
  }
  return value;
}
