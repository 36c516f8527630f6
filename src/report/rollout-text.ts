import type { RolloutResult, RolloutWave, WaveOutcome } from "../formats/result/rollout-result.js";
import { formatCount, formatDurationUs, formatPercent } from "./format-number.js";
import { measuredText } from "./measured-text.js";
import { printableText } from "./printable-text.js";
import { formatTable } from "./table.js";
import { textPlot } from "./text-plot.js";
import { wrapped } from "./wrapped.js";

export interface RolloutStyle {
  readonly color: boolean;
  readonly width: number;
}

const failureText = ({ check, value, unit }: WaveOutcome): string =>
  `${check} failed (${measuredText(value, unit)})`;

function verdictText(result: RolloutResult): string {
  const { verdict, failure, from, to, waves } = result;
  const why =
    failure === null
      ? ""
      : `${failure.thresholds.map(failureText).join(", ")} in wave "${failure.wave}" at ` +
        formatDurationUs(failure.timeUs);
  switch (verdict) {
    case "completed":
      return `COMPLETED: every wave held, all is on ${to.release}`;
    case "rolled back":
      return `ROLLED BACK to ${from.release}: ${why}`;
    case "paused":
      return `PAUSED with ${from.release} and ${to.release} in one cluster: ${why}`;
    case "not begun":
      return `NOT BEGUN: ${why}, with ${from.release} alone; --force begins all the same`;
    case "interrupted":
      return `INTERRUPTED after ${formatCount(waves.length)} waves`;
  }
}

function waveTable({ waves, settings, to }: RolloutResult, color: boolean): string {
  const isTimed = settings.model === "cluster";
  const right = (title: string) => ({ title, align: "right" as const });
  const columns = [
    { title: "wave" },
    right("from"),
    right(`on ${to.release}`),
    right("ADDs fine"),
    right("all fine"),
    ...(isTimed ? [right("ready p99")] : []),
    right("leaked"),
    ...(isTimed ? [right("no network")] : []),
    { title: "verdict" },
  ];
  const share = (value: number | null) => (value === null ? "-" : formatPercent(value, 2));
  const time = (us: number | undefined) => (us === undefined ? "-" : formatDurationUs(us));
  const count = (value: number | null | undefined) => (value == null ? "-" : formatCount(value));
  const rows = waves.map((wave) => {
    const { health, withoutRollout: alone, nodes } = wave;
    const added = nodes.length === 0 ? "" : ` (+${formatCount(nodes.length)})`;
    return [
      wave.name,
      formatDurationUs(health.fromUs),
      `${formatCount(wave.nodesOnTarget)} of ${formatCount(wave.nodesInAll)}${added}`,
      share(health.allocations.successRatio),
      share(health.operationSuccessRatio),
      ...(isTimed ? [`${time(health.readyUs?.p99)} (${time(alone?.readyUs?.p99)})`] : []),
      `${count(health.leakedAddresses)} (${count(alone?.leakedAddresses)})`,
      ...(isTimed
        ? [`${count(health.podsWithoutNetwork)} (${count(alone?.podsWithoutNetwork)})`]
        : []),
      waveVerdict(wave),
    ];
  });
  return formatTable(columns, rows, { color }).trimEnd();
}

function waveVerdict({ thresholds, kind }: RolloutWave): string {
  if (thresholds.length === 0) return kind.startsWith("after") ? "not judged" : "nothing watched";
  const failed = thresholds.filter(({ passed }) => !passed);
  return failed.length === 0 ? "held" : "FAILED";
}

/** A line under a curve with the number of each wave where it begins. */
function waveMarks(waves: readonly RolloutWave[], indent: number): string {
  const line = waves.map(({ slices }, i) => String(i).padEnd(slices.length)).join("");
  return `${" ".repeat(indent)}${line}`.trimEnd();
}

const numbered = (waves: readonly RolloutWave[]) => waves.map(({ name }, i) => `${i} ${name}`);

function curve(title: string, values: readonly number[], width: number): string[] {
  if (values.every((value) => value === 0)) return [`${title}: 0 throughout`];
  const columns = Math.min(values.length, width - 12);
  return [title, ...textPlot(values, columns, 4)];
}

/** The waves over time, a column a slice. */
function timeLines({ waves, settings }: RolloutResult, width: number): string[] {
  const slices = waves.flatMap((wave) => wave.slices);
  if (slices.length === 0) return [];
  const ready = slices.map(({ readyUs }) => Math.ceil((readyUs?.p99 ?? 0) / 1000));
  const failed = slices.map((slice) => slice.failed);
  const leaked = slices.map((slice) => slice.leakedAddresses);
  const plots = [
    ...(settings.model === "cluster" ? [["p99 to pod network ready, ms", ready] as const] : []),
    ["failed allocations", failed] as const,
    ["leaked addresses", leaked] as const,
  ];
  const isOneColumnASlice = slices.length <= width - 12;
  return plots.flatMap(([title, values]) => {
    const top = formatCount(values.reduce((a, b) => Math.max(a, b), 1));
    const isFlat = values.every((value) => value === 0);
    const marks = isFlat || !isOneColumnASlice ? [] : [waveMarks(waves, top.length + 2)];
    return [...curve(title, values, width), ...marks, ""];
  });
}

function leftTable({ left, verdict }: RolloutResult, color: boolean): string[] {
  if (left.length === 0) return [];
  const right = (title: string) => ({ title, align: "right" as const });
  const title = verdict === "rolled back" ? "left behind after the rollback" : "left behind";
  const columns = [{ title }, right("before"), right("after"), right("without the rollout")];
  const rows = left.map(({ metric, before, after, withoutRollout }) => [
    metric,
    before,
    after,
    withoutRollout ?? undefined,
  ]);
  return [formatTable(columns, rows, { color }).trimEnd(), ""];
}

function sideLines({ from, to }: RolloutResult, width: number): string[] {
  const lines = [
    ...wrapped("from", `${from.release} rests on ${from.provenance}`, width),
    ...wrapped("to", `${to.release} rests on ${to.provenance}`, width),
  ];
  if (from.basis === to.basis) return lines;
  const note = "one of them is Calico's code and the other a write-up: no such upgrade exists";
  return [...lines, ...wrapped("", note, width)];
}

/** A rehearsed rollout on one screen or two. */
export function rolloutText(result: RolloutResult, { color, width }: RolloutStyle): string {
  const { scenario, from, to, settings, waves, nodesByRelease, controllersRelease } = result;
  const watched = settings.thresholds.filter((check) => !settings.notWatched.includes(check));
  const byRelease = nodesByRelease
    .filter(({ nodes }) => nodes > 0)
    .map(({ release, nodes }) => `${formatCount(nodes)} on ${release}`);
  const controllers = controllersRelease === null ? "" : `, kube-controllers ${controllersRelease}`;
  const lines = [
    `${printableText(scenario.name)}  ·  Calico ${from.release} → ${to.release}`,
    "",
    ...wrapped("verdict", verdictText(result), width),
    ...wrapped(
      "watched",
      (watched.length === 0 ? "nothing" : watched.join(", ")) +
        `; each wave for ${formatDurationUs(settings.soakUs)}, looked at every tenth of it`,
      width,
    ),
    ...(settings.notWatched.length > 0
      ? wrapped("not watched", `${settings.notWatched.join(", ")}: failed before as well`, width)
      : []),
    ...wrapped("nodes now", `${byRelease.join(", ")}${controllers}`, width),
    "",
    ...(waves.length > 0 ? [waveTable(result, color), ""] : []),
    ...timeLines(result, width),
    ...leftTable(result, color),
    ...(waves.length > 0
      ? wrapped("curves", `a column a tenth of a wave: ${numbered(waves).join(", ")}`, width)
      : []),
    ...wrapped(
      "without",
      "in brackets and in the last column: the same scenario, seed and time without a rollout" +
        (scenario.seedMatters ? "; another seed gives other figures" : ""),
      width,
    ),
    ...result.notes.flatMap((note, i) => wrapped(i === 0 ? "notes" : "", note, width)),
    ...wrapped("figures", result.provenance, width),
    ...result.assumptions.flatMap((text, i) => wrapped(i === 0 ? "assumed" : "", text, width)),
    ...sideLines(result, width),
  ];
  return `${lines.join("\n")}\n`;
}
