import type { LoadComparison } from "../formats/result/load-comparison.js";
import { type ComparisonStyle, comparedVerdict, figureTable } from "./comparison-text.js";
import { formatCount, formatPercent, formatSignificant } from "./format-number.js";
import { printableText } from "./printable-text.js";
import { wrapped } from "./wrapped.js";

function machineText({ file, version, machine }: LoadComparison["a"]): string {
  return (
    `${printableText(file)}: ipamlab ${printableText(version)}, load average ` +
    `${formatSignificant(machine.loadAverage)} before`
  );
}

function runLines(run: LoadComparison["runs"][number], style: ComparisonStyle): string[] {
  const { threads, pods, podsPerSecond, a, b, pairs, verdict } = run;
  const place = [
    `${formatCount(threads)} thread${threads === 1 ? "" : "s"}`,
    ...(pods === null ? [] : [`${formatCount(pods)} pods`]),
    podsPerSecond === null ? "flat out" : `${formatSignificant(podsPerSecond)} pods/s`,
  ].join(", ");
  const isDirected = verdict === "better" || verdict === "worse";
  const who = isDirected ? `: b against a` : "";
  return [
    "",
    ...wrapped(
      "run",
      `${place}; a: ${a.allocator} (${a.release}), b: ${b.allocator} (${b.release})`,
      style.width,
    ),
    ...wrapped("verdict", comparedVerdict(verdict, "--repetitions") + who, style.width),
    ...wrapped("repetitions", `${formatCount(pairs)} of each`, style.width),
    "",
    ...figureTable({ figures: run.figures, seedMatters: true }, style.color),
  ];
}

/** What was measured on threads, compared, on one screen. */
export function loadComparisonText(result: LoadComparison, style: ComparisonStyle): string {
  const { a, b, statistics, warnings, inTurn } = result;
  const { width } = style;
  const { processor, cores, node } = a.machine;
  const lines = [
    ...wrapped("load", printableText(result.workload), width),
    ...wrapped("a", machineText(a), width),
    ...wrapped("b", inTurn ? "the same document, measured in turn with a" : machineText(b), width),
    ...wrapped("machine", `${printableText(processor)}, ${cores} cores, Node.js ${node}`, width),
    ...result.runs.flatMap((run) => runLines(run, style)),
    "",
    ...wrapped(
      "statistics",
      "mean difference b - a of repetitions, its interval by bootstrap, its effect as Cohen's d; " +
        (statistics.tested > 0
          ? `verdicts at ${formatPercent(statistics.level, 0)} after Holm's correction for ` +
            `${formatCount(statistics.tested)} metrics; detectable: what would have been seen four ` +
            "times in five"
          : "too few repetitions for a verdict"),
      width,
    ),
    ...warnings.flatMap((text) => wrapped("warning", printableText(text), width)),
    ...wrapped("figures", result.provenance, width),
  ];
  return `${lines.join("\n")}\n`;
}
