import { formatCount } from "./format-number.js";
import { printableText } from "./printable-text.js";

/** One thing that happened in a step of a run. */
interface StepLine {
  readonly step: number;
  readonly timeUs: number;
  readonly what: string;
}

/** Events that are shown; the document has more of them. */
const SHOWN = 40;

/** What happened up to a step, the last events. */
export function stepText(events: readonly StepLine[]): string {
  const shown = events.slice(-SHOWN);
  const width = formatCount(shown.at(-1)?.step ?? 0).length;
  const lines = shown.map(({ step, timeUs, what }) => {
    const at = `${formatCount(step).padStart(Math.max(4, width))}  ${(timeUs / 1e6).toFixed(6)} s`;
    return `${at.padEnd(Math.max(4, width) + 20)}${printableText(what)}`;
  });
  const head = `${"step".padStart(Math.max(4, width))}  after`;
  const before = events.length - shown.length;
  const rest = before > 0 ? [`… ${formatCount(before)} events before (--json)`] : [];
  return `${[...rest, head, ...lines].join("\n")}\n`;
}
