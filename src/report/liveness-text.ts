import type { Liveness } from "../formats/result/liveness.js";
import { formatCount, formatDurationUs } from "./format-number.js";

function headOf({ verdict, tookUs, withinUs }: Liveness): string {
  const bound = formatDurationUs(withinUs);
  if (tookUs !== null) {
    return `at rest ${formatDurationUs(tookUs)} after arrivals and faults had stopped (bound ${bound})`;
  }
  if (verdict === "interrupted") return "INTERRUPTED before the cluster was at rest";
  const what =
    verdict === "stable bad state"
      ? "a stable bad state: what is left did not become less in the second half"
      : "what is left still becomes less";
  return `FAILED: not at rest ${bound} after arrivals and faults had stopped, ${what}`;
}

/** How a cluster came to rest after arrivals and faults had stopped, or what kept it from that. */
export function livenessLines(liveness: Liveness | null): string[] {
  if (liveness === null) return [];
  const left = liveness.states.filter(({ atEnd }) => atEnd > 0);
  return [
    `liveness        ${headOf(liveness)}`,
    ...left.map(
      ({ name, atBegin, halfway, atEnd }) =>
        `  ${formatCount(atEnd)} ${name} (${formatCount(atBegin)} at the begin, ` +
        `${formatCount(halfway)} halfway)`,
    ),
    "",
  ];
}
