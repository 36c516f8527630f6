import type { SimulationResult } from "../formats/result/simulation-result.js";
import { clusterLines } from "./cluster-text.js";
import {
  formatCount,
  formatDurationUs,
  formatPercent,
  formatSignificant,
} from "./format-number.js";
import { livenessLines } from "./liveness-text.js";
import { measuredText } from "./measured-text.js";
import { printableText } from "./printable-text.js";
import { formatTable } from "./table.js";
import { textPlot } from "./text-plot.js";
import { wrapped } from "./wrapped.js";

/** Wall time of the run; it is printed but never part of the result document. */
export interface WallTime {
  readonly elapsedMs: number;
}

const PLOT_HEIGHT = 4;
const FAILURES_MAX = 5;
const POOLS_MAX = 6;

type Histogram = SimulationResult["datastoreCalls"]["perAssignment"];

function heading(result: SimulationResult): string[] {
  const { scenario, release, timeUs, nodes, completed } = result;
  const span = formatDurationUs(timeUs.last - timeUs.first);
  return [
    `${printableText(scenario.name)}  ·  Calico ${release.name}  ·  seed ${printableText(scenario.seed)}` +
      `  ·  ${formatCount(nodes.count)} nodes  ·  ${span} of trace`,
    ...(completed ? [] : ["INTERRUPTED: what follows covers the part that ran"]),
  ];
}

function initialState({ initialState: initial }: SimulationResult): string[] {
  if (initial === undefined) return [];
  const { blocks, pods, podsEnded, podAddresses, otherAddresses, contradiction, leftOut } = initial;
  const { duplicates } = initial;
  return [
    `started from    ${formatCount(blocks)} blocks, ${formatCount(pods)} pods with ` +
      `${formatCount(podAddresses)} addresses (${formatCount(podsEnded)} ended meanwhile), ` +
      `${formatCount(otherAddresses)} addresses of others`,
    ...leftOut.map((what) => `  left out: ${printableText(what)}`),
    ...(contradiction === null
      ? []
      : [`  not checked: the state contradicts itself (${printableText(contradiction)})`]),
    ...(duplicates === 0
      ? []
      : [
          `  addresses given to a second pod while the first held them: ${formatCount(duplicates)}`,
        ]),
  ];
}

function operations(result: SimulationResult): string[] {
  const { total, assignments, releases, failures } = result.operations;
  const ratio =
    assignments.successRatio === null ? "n/a" : formatPercent(assignments.successRatio, 3);
  const lines = [
    `operations      ${formatCount(total)}: ${formatCount(assignments.asked)} assignments, ` +
      `${formatCount(releases.done + releases.withoutAddress)} releases`,
    `success         ${ratio} of assignments, ${formatCount(assignments.failed)} failed`,
  ];
  for (const { reason, count, firstTimeUs, firstPod, firstNode } of failures.slice(
    0,
    FAILURES_MAX,
  )) {
    lines.push(`  ${formatCount(count)} × ${printableText(reason)}`);
    const when = formatDurationUs(firstTimeUs - result.timeUs.first);
    lines.push(
      `      first after ${when}: pod ${printableText(firstPod)} on ${printableText(firstNode)}`,
    );
  }
  if (failures.length > FAILURES_MAX) {
    lines.push(`  … and ${formatCount(failures.length - FAILURES_MAX)} other reasons (--json)`);
  }
  return lines;
}

/** What became of the pods, where not every one got a node at once. */
function pods({ pods: counts }: SimulationResult): string[] {
  const { wanted, started, notStarted, waited, waiting, dropped } = counts;
  const parts = [
    notStarted > 0 ? `${formatCount(notStarted)} given up because no node had room` : "",
    waited > 0 ? `${formatCount(waited)} had to wait for a node` : "",
    waiting > 0 ? `${formatCount(waiting)} still wait` : "",
    dropped > 0 ? `${formatCount(dropped)} vanished without CNI DEL` : "",
  ].filter((part) => part !== "");
  if (parts.length === 0) return [];
  return [
    `pods            ${formatCount(started)} of ${formatCount(wanted)} started; ${parts.join(", ")}`,
  ];
}

function leaks({ leaks: { addresses, handles } }: SimulationResult): string[] {
  if (addresses === 0 && handles === 0) return [];
  return [
    `leaked          ${formatCount(addresses)} addresses, ${formatCount(handles)} handles at the end`,
  ];
}

function thresholds(result: SimulationResult): string[] {
  if (result.thresholds.length === 0) return [];
  const failed = result.thresholds.filter(({ passed }) => !passed).length;
  const all = result.thresholds.length;
  const head = failed === 0 ? `all ${all} hold` : `${failed} of ${all} FAILED`;
  return [
    `thresholds      ${head}`,
    ...result.thresholds.map(({ check, passed, value, unit, aborted }) => {
      const end = aborted ? "; it ended the run" : "";
      const verdict = passed ? "ok    " : "FAILED";
      return `  ${verdict}  ${printableText(check)}  (${measuredText(value, unit)}${end})`;
    }),
    "",
  ];
}

function gauges(result: SimulationResult): string[] {
  const { addresses, blocks, borrowed } = result;
  return [
    `addresses       ${formatCount(addresses.peak)} at the peak, ${formatCount(addresses.final)} at the end`,
    `borrowed        ${formatCount(borrowed.peak)} at the peak, ${formatCount(borrowed.ever)} in all`,
    `blocks          ${formatCount(blocks.final)} claimed: ${formatCount(blocks.empty)} empty, ` +
      `${formatCount(blocks.full)} full, ${formatCount(blocks.withoutOwner)} without owner`,
    `fragmented      ${formatCount(blocks.freeAddresses)} free addresses in claimed blocks, ` +
      `${formatCount(blocks.strandedAddresses)} of them out of reach of nodes in need`,
  ];
}

function nodeExtremes({ nodes }: SimulationResult): string[] {
  const { mostPods, fewestPods, mostBlocks, fewestBlocks } = nodes;
  if (mostPods === null || fewestPods === null || mostBlocks === null || fewestBlocks === null) {
    return [];
  }
  const span = (most: number, mostNode: string, fewest: number, fewestNode: string) =>
    `most ${formatCount(most)} (${printableText(mostNode)}), ` +
    `fewest ${formatCount(fewest)} (${printableText(fewestNode)})`;
  return [
    `pods per node   ${span(mostPods.peak, mostPods.node, fewestPods.peak, fewestPods.node)}`,
    `blocks per node ${span(mostBlocks.blocks, mostBlocks.node, fewestBlocks.blocks, fewestBlocks.node)}`,
  ];
}

function calls(name: string, histogram: Histogram): string[] {
  if (histogram === null) return [];
  const mean = formatSignificant(histogram.sum / histogram.count);
  return [
    `  ${name}  p50 ${formatCount(histogram.p50)}, p99 ${formatCount(histogram.p99)}, ` +
      `max ${formatCount(histogram.max)}, mean ${mean}`,
  ];
}

function poolTable(result: SimulationResult, color: boolean): string {
  const rows = result.pools
    .slice(0, POOLS_MAX)
    .map((pool) => [
      pool.name,
      pool.cidr,
      pool.addressesInUse,
      pool.capacity,
      formatPercent(pool.addressesInUse / pool.capacity),
      pool.blocksClaimed,
      pool.blocks,
      formatPercent(pool.blocksClaimed / pool.blocks),
    ]);
  const columns = [
    { title: "pool" },
    { title: "cidr" },
    { title: "in use" },
    { title: "addresses" },
    { title: "used", align: "right" as const },
    { title: "blocks" },
    { title: "of" },
    { title: "claimed", align: "right" as const },
  ];
  const more = result.pools.length - POOLS_MAX;
  const rest = more > 0 ? `… and ${formatCount(more)} more pools (--json)\n` : "";
  return formatTable(columns, rows, { color }) + rest;
}

function plot(
  title: string,
  series: readonly { readonly peak: number }[],
  width: number,
): string[] {
  const peaks = series.map((point) => point.peak);
  return ["", title, ...textPlot(peaks, Math.max(20, Math.min(72, width - 12)), PLOT_HEIGHT)];
}

/** The summary of a run on one screen. */
export function simulationText(
  result: SimulationResult,
  wall: WallTime,
  style: { readonly color: boolean; readonly width: number },
): string {
  const { datastoreCalls, operations: counted } = result;
  const perSecond = counted.total / (wall.elapsedMs / 1000);
  const lines = [
    ...heading(result),
    "",
    ...thresholds(result),
    ...livenessLines(result.cluster?.liveness ?? null),
    ...initialState(result),
    ...pods(result),
    ...operations(result),
    ...(result.cluster === null ? [] : clusterLines(result.cluster)),
    ...gauges(result),
    ...leaks(result),
    ...nodeExtremes(result),
    `datastore calls ${formatCount(datastoreCalls.total)} in all`,
    ...calls("per assignment", datastoreCalls.perAssignment),
    ...calls("per release   ", datastoreCalls.perRelease),
    "",
    poolTable(result, style.color).trimEnd(),
    ...plot("addresses in use over time", result.addresses.series, style.width),
    ...plot("blocks claimed over time", result.blocks.series, style.width),
    "",
    `wall time       ${formatSignificant(wall.elapsedMs / 1000)} s, ${formatCount(perSecond)} operations/s (measured here)`,
    ...wrapped("figures", result.provenance, style.width),
    ...(result.cluster?.assumptions ?? []).flatMap((text) => wrapped("assumed", text, style.width)),
    ...wrapped(
      "release",
      `${result.release.name} rests on ${result.release.provenance}`,
      style.width,
    ),
  ];
  return `${lines.join("\n")}\n`;
}
