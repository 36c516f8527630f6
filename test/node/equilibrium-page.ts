import { readScenario } from "../../src/application/read-scenario.js";
import { simulateScenario } from "../../src/application/simulate-scenario.js";
import { formatCount, formatDurationUs } from "../../src/report/format-number.js";
import { textPlot } from "../../src/report/text-plot.js";

/** Milliseconds that each request takes, the releases on both sides, and the seeds of the page. */
export const LATENCIES_MS = [100, 200, 250, 275, 300, 325, 350] as const;
export const RELEASES = ["v3.28.4", "v3.29.7"] as const;
export const SEEDS = ["1", "2", "3"] as const;

/** The latency that the shipped incident has, and whose runs are drawn. */
export const SHIPPED_MS = 300;

const BURST_US = 300e6;
/** A node of the page is back when fewer pods than these are without network, and stays so. */
const BACK_BELOW = 10;

export interface NodeRun {
  readonly withoutNetwork: number;
  readonly failedAdds: number;
  readonly leakedHandles: number;
  /** From the beginning of the burst; null when the node is not back after two hours. */
  readonly backUs: number | null;
  readonly series: readonly number[];
}

/** One run of the shipped incident with another latency, release and seed. */
export async function runNode(ms: number, release: string, seed: string): Promise<NodeRun> {
  const set = [`datastore.reads=${ms}ms`, `datastore.writes=${ms}ms`];
  const read = await readScenario("handle-leak-equilibrium", { set });
  const result = await simulateScenario({ ...read, release, seed }, { version: "page" });
  const { adds, podsWithoutNetwork, leaks } = result.cluster!;
  const { series, final } = podsWithoutNetwork;
  const lastBad = series.findLastIndex(({ last }) => last >= BACK_BELOW);
  const isBack = final < BACK_BELOW && lastBad + 1 < series.length;
  return {
    withoutNetwork: final,
    failedAdds: adds.failed,
    leakedHandles: leaks.handles.at(-1)?.last ?? 0,
    backUs: isBack ? Math.max(0, series[lastBad + 1]!.timeUs - BURST_US) : null,
    series: series.map(({ last }) => last),
  };
}

function span(runs: readonly NodeRun[], read: (run: NodeRun) => number): string {
  const values = runs.map(read);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? formatCount(least) : `${formatCount(least)} to ${formatCount(most)}`;
}

/** One line of the page's table: one latency and release, all seeds. */
export function tableLine(ms: number, release: string, runs: readonly NodeRun[]): string {
  const back = runs.map(({ backUs }) => backUs).filter((backUs) => backUs !== null);
  const times = back.map((backUs) => Math.round(backUs / 60e6));
  const [least, most] = [Math.min(...times), Math.max(...times)];
  const when = least === most ? `${least} min` : `${least} to ${most} min`;
  const backText = `${back.length} of ${runs.length}${back.length > 0 ? `, after ${when}` : ""}`;
  const verdict =
    back.length === runs.length ? "recovers" : back.length === 0 ? "**stuck**" : "either";
  const cells = [
    `${ms} ms`,
    release,
    verdict,
    backText,
    span(runs, (run) => run.withoutNetwork),
    span(runs, (run) => run.failedAdds),
    span(runs, (run) => run.leakedHandles),
  ];
  return `| ${cells.join(" | ")} |`;
}

export const TABLE_HEAD =
  "| a request takes | release | | nodes back within 2 h | pods without network after 2 h | " +
  "failed ADDs | handles without a pod |\n| --- | --- | --- | --- | --- | --- | --- |";

/** Pods without network over the two hours of one run. */
export function plotOf(release: string, { series }: NodeRun): string {
  const end = formatDurationUs(7200e6);
  const title = `${release}, ${SHIPPED_MS} ms a request: pods without network from 0 to ${end}`;
  return ["```", title, ...textPlot(series, 72, 5), "```"].join("\n");
}
