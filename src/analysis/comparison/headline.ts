import type { ComparisonResult, FigureComparison } from "../../formats/result/comparison-result.js";

/**
 * Which metrics decide: the first of these groups in which something differs. Whether pods are served
 * comes before what is left behind, and that before times, since times are of what succeeded: where more
 * succeeds, longer ones are seen. Costs (calls, blocks) come last. What is worse in spite of the verdict
 * is told next to it.
 */
const GROUPS: readonly ReadonlySet<string>[] = [
  new Set([
    "success_rate",
    "failed_allocations",
    "not_started",
    "waiting_pods",
    "pods_started",
    "pods_ready",
    "pods_without_network",
    "duplicate_addresses",
  ]),
  new Set(["leaked_addresses", "leaked_handles"]),
  new Set(["waited_pods", "pod_network_ready", "allocation_latency"]),
];

/** The metric of a figure such as `reuse_interval p(99)`. */
function metricOf({ name }: FigureComparison): string {
  return name.split(" ")[0]!;
}

function directionOf(
  figures: readonly FigureComparison[],
): "better" | "worse" | "mixed" | undefined {
  const isBetter = figures.some(({ verdict }) => verdict === "better");
  const isWorse = figures.some(({ verdict }) => verdict === "worse");
  if (isBetter) return isWorse ? "mixed" : "better";
  return isWorse ? "worse" : undefined;
}

/** The verdict on the whole: that of the first group in which something differs, or may differ. */
export function headline(figures: readonly FigureComparison[]): ComparisonResult["verdict"] {
  const has = (wanted: FigureComparison["verdict"], among: readonly FigureComparison[]) =>
    among.some(({ verdict }) => verdict === wanted);
  const groups = GROUPS.map((group) => figures.filter((figure) => group.has(metricOf(figure))));
  for (const group of [...groups, figures]) {
    const decided = directionOf(group);
    if (decided !== undefined) return decided;
    // A cost that is known must not decide while it is open whether pods are served.
    if (has("undecided", group)) return "undecided";
  }
  return has("different", figures) ? "different" : "no difference seen";
}
