import type {
  Attribution,
  BehaviourComparison,
  ComparisonResult,
  FigureComparison,
} from "../formats/result/comparison-result.js";
import {
  formatCount,
  formatDurationUs,
  formatPercent,
  formatSignificant,
} from "./format-number.js";
import { measuredText } from "./measured-text.js";
import { printableText } from "./printable-text.js";
import { formatTable } from "./table.js";
import { wrapped } from "./wrapped.js";

export interface ComparisonStyle {
  readonly color: boolean;
  readonly width: number;
}

/** With its sign; ratios in percentage points. */
function signed(value: number, unit: string): string {
  const sign = value < 0 ? "-" : "+";
  const size = Math.abs(value);
  if (unit === "ratio") return `${sign}${formatPercent(size, 3).replace(" %", "")} pp`;
  if (unit === "us") return `${sign}${formatDurationUs(size)}`;
  return `${sign}${Number.isInteger(size) ? formatCount(size) : formatSignificant(size)}`;
}

function intervalText({ interval, unit }: FigureComparison): string {
  if (interval === null) return "too few pairs";
  if (interval.method === "constant") return "the same in every pair";
  return `${signed(interval.low, unit)} … ${signed(interval.high, unit)}`;
}

/** How small a difference the runs would have shown. */
function detectableText({ detectable, unit }: FigureComparison): string {
  return detectable === null ? "-" : `±${signed(detectable, unit).slice(1)}`;
}

/** The figures that differ, with verdicts and, where anything is drawn at random, intervals. */
export function figureTable(
  { figures, seedMatters }: Pick<ComparisonResult, "figures" | "seedMatters">,
  color: boolean,
): string[] {
  const shown = figures.filter(({ verdict }) => verdict !== "same");
  if (shown.length === 0) return [];
  const sampled = (cells: readonly string[]) => (seedMatters ? cells : []);
  const rows = shown.map((figure) => [
    figure.name,
    measuredText(figure.a, figure.unit),
    measuredText(figure.b, figure.unit),
    signed(figure.difference, figure.unit),
    figure.verdict,
    ...sampled([
      intervalText(figure),
      figure.effectSize === null ? "-" : formatSignificant(figure.effectSize),
      detectableText(figure),
    ]),
  ]);
  const right = (title: string) => ({ title, align: "right" as const });
  const columns = [
    { title: "metric" },
    right("a"),
    right("b"),
    right("difference"),
    { title: "verdict" },
    ...(seedMatters ? [{ title: "95 % interval" }, right("effect"), right("detectable")] : []),
  ];
  return [formatTable(columns, rows, { color }).trimEnd()];
}

function comparedText({ callByCall, seeds }: ComparisonResult): string {
  const { operations, calls, addresses } = callByCall;
  const pairs = seeds.length === 1 ? "" : ` in ${formatCount(seeds.length)} pairs of runs`;
  return (
    `${formatCount(operations)} operations, ${formatCount(calls)} datastore calls, ` +
    `${formatCount(addresses)} addresses given out${pairs}`
  );
}

/** A verdict in words. `more` is the option that gives more pairs. */
export function comparedVerdict(verdict: ComparisonResult["verdict"], more = "--runs"): string {
  switch (verdict) {
    case "identical":
      return "IDENTICAL, call by call";
    case "better":
      return "BETTER";
    case "worse":
      return "WORSE";
    case "mixed":
      return "MIXED: some metrics better, some worse";
    case "different":
      return "DIFFERENT, neither better nor worse";
    case "undecided":
      return `UNDECIDED: too few pairs of runs for a verdict; ${more} gives more`;
    case "no difference seen":
      return `NO DIFFERENCE SEEN in any metric; more ${more} see smaller ones`;
  }
}

function verdict(result: ComparisonResult): string {
  const { callByCall, b, a } = result;
  const text = comparedVerdict(result.verdict);
  if (result.verdict === "identical") return `${text}: ${comparedText(result)}, none differs`;
  const isDirected = result.verdict === "better" || result.verdict === "worse";
  const who = isDirected ? `: ${b.release} against ${a.release}` : "";
  const opposite = result.verdict === "better" ? "worse" : "better";
  const others = result.figures.filter((figure) => figure.verdict === opposite);
  const but =
    isDirected && others.length > 0
      ? `, though ${others.map(({ name }) => name).join(", ")} ${others.length === 1 ? "is" : "are"} ${opposite}`
      : "";
  const same =
    callByCall.compared && callByCall.identicalPairs > 0
      ? `; ${formatCount(callByCall.identicalPairs)} of ${formatCount(result.seeds.length)} pairs ` +
        "identical call by call"
      : "";
  return `${text}${who}${but} (${comparedText(result)}${same})`;
}

/** Up to this many behaviours that never came up are listed. */
const SILENT_MAX = 8;

const SHARE_ALL = 0.995;
const SHARE_NONE = 0.005;

/** What a behaviour explains, metrics with the same share together. */
function shareTexts({ shares }: Attribution): string[] {
  const groups = new Map<string, string[]>();
  for (const { figure, alone, without } of shares) {
    if (Math.abs(alone) < SHARE_NONE && Math.abs(without) < SHARE_NONE) continue;
    const isAll = Math.abs(alone - 1) <= 1 - SHARE_ALL && Math.abs(without - 1) <= 1 - SHARE_ALL;
    const both = Math.abs(alone - without) < SHARE_NONE;
    const text = isAll
      ? "all of"
      : both
        ? `${formatPercent(alone, 0)} of`
        : `${formatPercent(alone, 0)} alone, ${formatPercent(without, 0)} lost without it, of`;
    groups.set(text, [...(groups.get(text) ?? []), figure]);
  }
  return [...groups].map(([text, figures]) => `${text} ${figures.join(", ")}`);
}

function attributionLines(
  attribution: readonly Attribution[],
  behaviours: readonly BehaviourComparison[],
  width: number,
): string[] {
  const lines = [
    "why             each behaviour switched alone, in a and back in b, on the same seeds",
  ];
  const effective = attribution.filter(({ part }) => part !== "none");
  for (const { behaviour, part, shares } of effective) {
    const { a, b } = behaviours.find(({ name }) => name === behaviour)!;
    lines.push(`  ${behaviour}: ${a} → ${b}`);
    if (part === "all") {
      lines.push("      is the whole difference, call by call");
      continue;
    }
    const texts = shareTexts({ behaviour, part, shares });
    if (texts.length === 0) lines.push("      changes calls, and no metric");
    for (const text of texts) lines.push(...wrapped("", text, width).map((line) => line.slice(10)));
  }
  const none = attribution.filter(({ part }) => part === "none").map(({ behaviour }) => behaviour);
  if (none.length > 0) lines.push(...wrapped("  changes no call", none.join(", "), width));
  return lines;
}

function behaviourLines(result: ComparisonResult, width: number): string[] {
  const { behaviours, attribution, verdict: whole } = result;
  if (behaviours === null) return [];
  if (behaviours.length === 0) return ["behaviours      no modelled behaviour differs"];
  const cameUp = behaviours.filter(({ askedA, askedB }) => askedA !== 0 || askedB !== 0);
  const count = formatCount(behaviours.length);
  const differ = behaviours.length === 1 ? "1 behaviour differs" : `${count} behaviours differ`;
  const isCounted = behaviours.every(({ askedA }) => askedA !== null);
  const lines = wrapped(
    "behaviours",
    isCounted ? `${differ}; ${formatCount(cameUp.length)} of them came up in these runs` : differ,
    width,
  );
  const silent = behaviours.filter((behaviour) => !cameUp.includes(behaviour));
  if (silent.length > 0 && silent.length <= SILENT_MAX) {
    const names = silent.map(({ name }) => name).join(", ");
    lines.push(...wrapped("", `never asked for: ${names}`, width));
  }
  if (attribution !== null) return [...lines, ...attributionLines(attribution, behaviours, width)];
  if (!isCounted)
    return [...lines, ...wrapped("", cameUp.map(({ name }) => name).join(", "), width)];
  for (const { name, a, b, effect, askedA, askedB } of cameUp) {
    const asked = `asked for ${formatCount(askedA ?? 0)} and ${formatCount(askedB ?? 0)} times`;
    lines.push(`  ${name}: ${a} → ${b} (${asked})`);
    if (whole !== "identical") lines.push(...wrapped("", effect, width).map((l) => l.slice(10)));
  }
  if (whole !== "identical" && cameUp.length > 1) {
    lines.push("  --attribute tells which of them made the difference");
  }
  return lines;
}

function sideLines({ a, b }: ComparisonResult, width: number): string[] {
  const lines =
    a.provenance === b.provenance
      ? wrapped("releases", `${a.release} and ${b.release} rest on ${a.provenance}`, width)
      : [a, b].flatMap((side, i) =>
          wrapped(i === 0 ? "releases" : "", `${side.release} rests on ${side.provenance}`, width),
        );
  if (a.basis === b.basis) return lines;
  const note = "one side is Calico's code and the other a write-up: this compares no two releases";
  return [...lines, ...wrapped("", note, width)];
}

/** What was measured on threads, next to what was simulated. */
function measuredLines(measured: ComparisonResult["measured"], style: ComparisonStyle): string[] {
  if (measured === null) return [];
  const { a, b, machine, pairs, threads, figures, lockTaken, warnings } = measured;
  const { width } = style;
  const who = measured.verdict === "better" || measured.verdict === "worse";
  const taken = lockTaken === null ? "" : `; ${formatPercent(lockTaken, 1)} found the lock taken`;
  return [
    "",
    ...wrapped(
      "on threads",
      comparedVerdict(measured.verdict) +
        (who ? `: ${b.release} against ${a.release}${taken}` : taken),
      width,
    ),
    ...wrapped(
      "measured",
      `${formatCount(pairs)} pairs in turn on ${formatCount(threads)} threads, ` +
        `${formatSignificant(measured.secondsPerRun)} s each; a: ${a.allocator}, b: ${b.allocator}; ` +
        printableText(measured.workload),
      width,
    ),
    ...wrapped(
      "machine",
      `${printableText(machine.processor)}, ${machine.cores} cores, Node.js ${machine.node}, load ` +
        `average ${formatSignificant(machine.loadAverage)} before`,
      width,
    ),
    "",
    ...figureTable({ figures, seedMatters: true }, style.color),
    ...warnings.flatMap((text) => wrapped("warning", text, width)),
    ...wrapped("figures", measured.provenance, width),
  ];
}

/** A comparison on one screen. */
export function comparisonText(result: ComparisonResult, style: ComparisonStyle): string {
  const { scenario, a, b, seeds, seedMatters, figures, statistics } = result;
  const { width } = style;
  const same = figures.filter(({ verdict: told }) => told === "same").map(({ name }) => name);
  const runs = seedMatters
    ? `${formatCount(seeds.length)} pairs of runs with common random numbers, seeds ` +
      `${printableText(seeds[0]!)}${seeds.length > 1 ? ` to ${printableText(seeds.at(-1)!)}` : ""}`
    : "one pair of runs: nothing is drawn at random, so every seed gives the same, and every " +
      "difference is exact";
  const table = figureTable(result, style.color);
  const lines = [
    `${printableText(scenario.name)}  ·  a: Calico ${a.release}  ·  b: Calico ${b.release}`,
    ...(result.completed ? [] : ["INTERRUPTED: what follows covers the pairs that were done"]),
    "",
    ...wrapped("verdict", verdict(result), width),
    ...wrapped("runs", runs, width),
    "",
    ...table,
    ...(table.length > 0 && same.length > 0
      ? ["", ...wrapped("same throughout", same.join(", "), width)]
      : []),
    ...(statistics.tested > 0
      ? wrapped(
          "statistics",
          `mean paired difference b - a, its interval by bootstrap, its effect as Cohen's d; ` +
            `verdicts by randomising the sides of each pair, at ${formatPercent(statistics.level, 0)} ` +
            `after Holm's correction for ${formatCount(statistics.tested)} metrics; detectable: what ` +
            "would have been seen four times in five",
          width,
        )
      : []),
    ...(table.length > 0 ? [""] : []),
    ...behaviourLines(result, width),
    ...wrapped("figures", result.provenance, width),
    ...sideLines(result, width),
    ...measuredLines(result.measured, style),
  ];
  return `${lines.join("\n")}\n`;
}
