import type { ComparisonResult, FigureComparison } from "../../formats/result/comparison-result.js";

/**
 * The metrics that say how well pods were served. A release that serves them better is better, even
 * if that costs datastore calls or blocks; what it costs is told next to it.
 */
const SERVICE: ReadonlySet<string> = new Set([
  "success_rate",
  "failed_allocations",
  "not_started",
  "waited_pods",
  "waiting_pods",
  "pods_started",
  "pods_ready",
  "pod_network_ready",
  "allocation_latency",
  "pods_without_network",
  "killed_adds",
  "duplicate_addresses",
  "leaked_addresses",
  "leaked_handles",
]);

/** The metric of a figure such as `reuse_interval p(99)`. */
function metricOf({ name }: FigureComparison): string {
  return name.split(" ")[0]!;
}

const isService = (figure: FigureComparison): boolean => SERVICE.has(metricOf(figure));

function directionOf(
  figures: readonly FigureComparison[],
): "better" | "worse" | "mixed" | undefined {
  const isBetter = figures.some(({ verdict }) => verdict === "better");
  const isWorse = figures.some(({ verdict }) => verdict === "worse");
  if (isBetter) return isWorse ? "mixed" : "better";
  return isWorse ? "worse" : undefined;
}

/** The verdict on the whole: by the metrics of service if they differ, else by all the others. */
export function headline(figures: readonly FigureComparison[]): ComparisonResult["verdict"] {
  const decided =
    directionOf(figures.filter(isService)) ??
    directionOf(figures.filter((figure) => !isService(figure)));
  if (decided !== undefined) return decided;
  const has = (wanted: FigureComparison["verdict"]) =>
    figures.some(({ verdict }) => verdict === wanted);
  if (has("undecided")) return "undecided";
  return has("different") ? "different" : "no difference seen";
}
