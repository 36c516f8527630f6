import type { PlanResult } from "../formats/result/plan-result.js";
import {
  formatCount,
  formatDurationUs,
  formatPercent,
  formatSignificant,
} from "./format-number.js";
import { printableText } from "./printable-text.js";
import { formatTable } from "./table.js";
import { textPlot } from "./text-plot.js";
import { wrapped } from "./wrapped.js";

interface Style {
  readonly color: boolean;
  readonly width: number;
}

type Risk = PlanResult["risk"];

const GROUPS_MAX = 6;
const POOLS_MAX = 6;

/** A probability in percent, with digits to tell it from 0 and from 1. */
function formatProbability(value: number): string {
  if (value === 0 || value === 1) return formatPercent(value, 0);
  if (value < 1e-4) return value.toExponential(1);
  const nearest = Math.min(value, 1 - value);
  return formatPercent(value, nearest < 0.001 ? 3 : nearest < 0.01 ? 2 : 1);
}

/** `3.1 % (2.2 to 4.4 %)`; what was never seen is `< 0.30 %`. */
function formatRisk({ failed, probability, interval }: Risk): string {
  if (failed === 0) return `< ${formatProbability(interval.high)}`;
  const ends = `${formatProbability(interval.low)} to ${formatProbability(interval.high)}`;
  return `${formatProbability(probability)} (${ends})`;
}

function heading(plan: PlanResult): string[] {
  const { scenario, release, inputs, runs } = plan;
  const horizon = inputs.horizonUs === null ? "whole trace" : formatDurationUs(inputs.horizonUs);
  const joining = inputs.nodesJoining > 0 ? ` + ${formatCount(inputs.nodesJoining)} joining` : "";
  const lines = [
    `${printableText(scenario.name)}  ·  Calico ${release.name}  ·  ` +
      `${formatCount(inputs.nodes)}${joining} nodes  ·  horizon ${horizon}  ·  ` +
      `${formatCount(runs.done)} runs`,
  ];
  if (runs.endedBy !== null) {
    const done = `${formatCount(runs.done)} of ${formatCount(runs.asked)} runs`;
    const why = runs.endedBy === "interrupt" ? "INTERRUPTED" : "time budget used up";
    lines.push(`${why}: what follows rests on ${done}`);
  }
  return lines;
}

function riskLines(plan: PlanResult): string[] {
  const lines = [
    `risk            ${formatRisk(plan.risk)} that ${
      plan.method === "counts" ? "an address is refused" : "an ADD fails"
    } within the horizon`,
  ];
  for (const { kind, meanCount, example, ...risk } of plan.kinds) {
    lines.push(
      `  ${kind}: ${formatRisk(risk)}, ${formatSignificant(meanCount)} requests when it does`,
      `      ${printableText(example.text)}`,
      `      first after ${formatDurationUs(example.timeUs)} on ${printableText(example.node)}; ` +
        `repeat with --seed ${printableText(example.seed)}`,
    );
  }
  if (plan.notStarted.failed > 0) {
    const { meanPods, ...risk } = plan.notStarted;
    lines.push(
      `no room         ${formatRisk(risk)} that a pod finds no node (maxPods ` +
        `${formatCount(plan.inputs.maxPods)}); ${formatSignificant(meanPods)} pods a run`,
    );
  }
  return lines;
}

/** Whether two times read the same. */
function near(a: number, b: number): boolean {
  return formatDurationUs(a) === formatDurationUs(b);
}

function firstFailureLines({ firstFailure, inputs, risk }: PlanResult): string[] {
  if (risk.failed === 0) return [];
  const known = firstFailure.quantiles.flatMap(({ share, time, low, high }, i, all) => {
    // Where several shares have one time, the largest tells it.
    const nextUs = all[i + 1]?.time ?? null;
    const isNext = nextUs !== null && time !== null && near(nextUs, time);
    if (time === null || isNext) return [];
    const end = high === null ? "beyond" : formatDurationUs(high);
    const range = low === null ? "" : ` (${formatDurationUs(low)} to ${end})`;
    return [`${formatPercent(share, 0)} by ${formatDurationUs(time)}${range}`];
  });
  const censored = 1 - risk.probability;
  const horizon = inputs.horizonUs === null ? "" : ` ${formatDurationUs(inputs.horizonUs)}`;
  if (censored > 0) known.push(`${formatProbability(censored)} not within${horizon}`);
  return [`first failure   ${known.join("; ")}`];
}

const PLOT_HEIGHT = 4;

/** Share of the runs that had failed by each time, in percent. */
function plotLines({ firstFailure, inputs, risk }: PlanResult, width: number): string[] {
  const endUs = inputs.horizonUs ?? firstFailure.curve.at(-1)?.time ?? 0;
  if (risk.failed === 0 || endUs === 0) return [];
  const columns = Math.max(20, Math.min(72, width - 12));
  const { curve } = firstFailure;
  const values = Array.from({ length: columns }, (_, i) => {
    const untilUs = (endUs * (i + 1)) / columns;
    const step = curve.findLast(({ time }) => time <= untilUs);
    return step === undefined ? 0 : 100 * (1 - step.survival);
  });
  const title = `runs that have failed by then, percent, to ${formatDurationUs(endUs)}`;
  return ["", title, ...textPlot(values, columns, PLOT_HEIGHT)];
}

function initialLines({ inputs: { initial } }: PlanResult): string[] {
  if (initial === null) return [];
  const { blocks, pods, leftOut } = initial;
  const without = leftOut.length === 0 ? "" : `; left out: ${printableText(leftOut.join(", "))}`;
  return [`starts from     ${formatCount(pods)} pods in ${formatCount(blocks)} blocks${without}`];
}

function demandLines(plan: PlanResult): string[] {
  const { addressesPeak, blocksPeak, borrowedPeak, routesPeak, strandedAtPeak, protocol } = plan;
  const peak = ({ p50, p95, max }: PlanResult["addressesPeak"]): string =>
    `${formatCount(p50)} median, ${formatCount(p95)} p95, ${formatCount(max)} most`;
  const perDay = protocol?.apiRequestsPerDay ?? null;
  return [
    `addresses       ${peak(addressesPeak)} in use at the peak`,
    `stranded        ${peak(strandedAtPeak)} free in claimed blocks at that time`,
    `blocks          ${peak(blocksPeak)}`,
    `routes          ${peak(routesPeak)} (blocks + ${formatCount(borrowedPeak.p95)} p95 borrowed)`,
    ...(perDay === null ? [] : [`API requests    ${formatCount(perDay)} a day`]),
  ];
}

function poolTable({ pools }: PlanResult, color: boolean): string[] {
  const rows = pools
    .slice(0, POOLS_MAX)
    .map(({ name, cidr, blockSize, addresses, blocks, addressesPeak, blocksPeak }) => [
      name,
      cidr,
      `/${blockSize}`,
      addressesPeak.p95,
      addresses,
      formatPercent(addressesPeak.p95 / addresses),
      blocksPeak.p95,
      blocks,
      formatPercent(blocksPeak.p95 / blocks),
    ]);
  const right = "right" as const;
  const columns = [
    { title: "pool" },
    { title: "cidr" },
    { title: "blocks of", align: right },
    { title: "used p95" },
    { title: "of" },
    { title: "", align: right },
    { title: "claimed p95" },
    { title: "of" },
    { title: "", align: right },
  ];
  const more = pools.length - POOLS_MAX;
  const rest = more > 0 ? [`… and ${formatCount(more)} more pools (--json)`] : [];
  return [formatTable(columns, rows, { color }).trimEnd(), ...rest];
}

function groupTable({ groups }: PlanResult, color: boolean): string[] {
  if (groups.length < 2) return [];
  const ranked = groups.toSorted((a, b) => b.failed - a.failed);
  const rows = ranked
    .slice(0, GROUPS_MAX)
    .map(({ name, nodes, ...risk }) => [name, nodes, formatRisk(risk)]);
  const columns = [{ title: "node group" }, { title: "nodes" }, { title: "risk" }];
  const more = groups.length - GROUPS_MAX;
  const rest = more > 0 ? [`… and ${formatCount(more)} more groups (--json)`] : [];
  return ["", formatTable(columns, rows, { color }).trimEnd(), ...rest];
}

function headroomLines({ headroom, inputs }: PlanResult): string[] {
  if (headroom === null) return [];
  const part = (found: NonNullable<typeof headroom>["nodes"], what: string): string => {
    if (found === null) return `${what}: no time`;
    const { more, needed, isBeyond, isMonotone } = found;
    const doubt = isMonotone ? "" : " (not monotone: there may be more than one limit)";
    if (more !== null)
      return `${isBeyond ? "at least " : ""}${formatCount(more)} more ${what}${doubt}`;
    if (needed === null) return `no number of ${what} helps`;
    const number = formatCount(Math.abs(needed));
    return `needs ${number} ${what} ${needed < 0 ? "fewer" : "more"}${doubt}`;
  };
  const target = formatProbability(inputs.target);
  return [
    `headroom        ${part(headroom.nodes, "nodes")}, or ${part(headroom.pods, "pods")}: ` +
      `risk within ${target}`,
  ];
}

function rareLines({ rareEvent }: PlanResult): string[] {
  if (rareEvent === null) return [];
  const { probability, interval, upperBound, replications, levels } = rareEvent;
  const ends =
    interval === null
      ? ""
      : ` (${interval.low.toExponential(1)} to ${interval.high.toExponential(1)})`;
  const text =
    probability === 0 ? `< ${upperBound.toExponential(1)}` : probability.toExponential(2) + ends;
  return [
    `rare event      ${text} by splitting: ${replications} replications, ${levels.length} stages`,
  ];
}

function searchLines({ search, inputs }: PlanResult, style: Style): string[] {
  if (search === null) return [];
  const { choices, recommended, why, isMonotone, isWhole } = search;
  const right = "right" as const;
  const rows = choices.map((choice, i) => [
    i === recommended ? ">" : "",
    choice.name,
    formatRisk(choice),
    choice.meets ? "yes" : "no",
    choice.strandedP95,
    choice.routesP95,
    choice.apiRequestsPerDay === null ? undefined : Math.round(choice.apiRequestsPerDay),
  ]);
  const columns = [
    { title: "" },
    { title: `choice (risk within ${formatProbability(inputs.target)}?)` },
    { title: "risk" },
    { title: "meets" },
    { title: "stranded", align: right },
    { title: "routes", align: right },
    { title: "API req/day", align: right },
  ];
  const name = recommended === null ? "nothing" : choices[recommended]!.name;
  const doubts = [
    isMonotone ? "" : "The risk does not change in one direction only: look at the table.",
    isWhole ? "" : "Time ran out before everything was looked at.",
  ].filter((doubt) => doubt !== "");
  return [
    "",
    formatTable(columns, rows, style).trimEnd(),
    ...wrapped("recommended", [`${name}: ${why}.`, ...doubts].join(" "), style.width),
  ];
}

const TORNADO_WIDTH = 30;

function tornadoLines({ sensitivity }: PlanResult): string[] {
  if (sensitivity === null) return [];
  const most = Math.max(...sensitivity.flatMap((input) => [input.riskAtLow, input.riskAtHigh]));
  const column = (risk: number) => (most === 0 ? 0 : Math.round((risk / most) * TORNADO_WIDTH));
  const lines = sensitivity.map((input) => {
    const [from, to] = [column(input.riskAtLow), column(input.riskAtHigh)].sort((a, b) => a - b);
    const bar = "·".repeat(from!) + "█".repeat(to! - from!) + "·".repeat(TORNADO_WIDTH - to!);
    const range = `${formatSignificant(input.low)} to ${formatSignificant(input.high)}`;
    const risks = `${formatPercent(input.riskAtLow)} to ${formatPercent(input.riskAtHigh)}`;
    const morris = `mu* ${formatSignificant(input.meanAbsolute, 2)}`;
    return `  ${input.name.padEnd(10)} ${range.padEnd(15)} ${bar}  ${risks.padEnd(18)} ${morris}`;
  });
  const title = `what moves the risk (0 to ${formatPercent(most)}; mu* of Morris)`;
  return ["", title, ...lines];
}

function crossCheckLines({ crossChecks }: PlanResult, width: number): string[] {
  return crossChecks.flatMap(({ name, about, theory, simulated, interval }) => {
    const value = (x: number) => (theory > 1 ? formatCount(x) : formatProbability(x));
    const seen =
      simulated === null || interval === null
        ? ""
        : `, simulated ${value(simulated)} (${value(interval.low)} to ${value(interval.high)})`;
    return wrapped("theory", `${name}: ${value(theory)}${seen} (${about})`, width);
  });
}

/** The plan on one screen. */
export function planText(plan: PlanResult, elapsedMs: number, style: Style): string {
  const compared =
    plan.method === "cluster model"
      ? ""
      : plan.protocol === null
        ? "They start from a dump and were not compared with the protocol here."
        : `It agrees with the protocol at ${formatCount(plan.protocol.compared)} decisions of one run.`;
  return [
    ...heading(plan),
    ...initialLines(plan),
    "",
    ...riskLines(plan),
    ...rareLines(plan),
    ...firstFailureLines(plan),
    ...headroomLines(plan),
    ...demandLines(plan),
    "",
    ...poolTable(plan, style.color),
    ...groupTable(plan, style.color),
    ...plotLines(plan, style.width),
    ...searchLines(plan, style),
    ...tornadoLines(plan),
    "",
    ...crossCheckLines(plan, style.width),
    `wall time       ${formatSignificant(elapsedMs / 1000)} s (measured here)`,
    ...wrapped("figures", `${plan.provenance} ${compared}`.trimEnd(), style.width),
    ...wrapped("release", `${plan.release.name} rests on ${plan.release.provenance}`, style.width),
    "",
  ].join("\n");
}
