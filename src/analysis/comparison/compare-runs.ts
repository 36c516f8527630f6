import type { ComparisonResult } from "../../formats/result/comparison-result.js";
import { type CompareFiguresOptions, compareFigures, statisticsOf } from "./compare-figures.js";
import { headline } from "./headline.js";
import type { RunFigures } from "./run-figures.js";

/** What a comparison says of two lists of runs, whatever they are runs of. */
export type RunsComparison = Pick<
  ComparisonResult,
  "seeds" | "seedMatters" | "callByCall" | "verdict" | "figures" | "statistics"
>;

/** Whether two runs did the same, call by call; undefined when that is not known of one of them. */
export function didTheSame(a: RunFigures, b: RunFigures): boolean | undefined {
  if (a.fingerprint === null || b.fingerprint === null) return undefined;
  const { calls, addresses, hash } = a.fingerprint;
  const other = b.fingerprint;
  return calls === other.calls && addresses === other.addresses && hash === other.hash;
}

function total(runs: readonly RunFigures[], count: (run: RunFigures) => number): number {
  return runs.reduce((sum, run) => sum + count(run), 0);
}

function compareCalls(
  a: readonly RunFigures[],
  b: readonly RunFigures[],
): ComparisonResult["callByCall"] {
  const same = a.map((run, i) => didTheSame(run, b[i]!));
  return {
    compared: same.every((answer) => answer !== undefined),
    identicalPairs: same.filter((answer) => answer === true).length,
    operations: total(a, ({ operations }) => operations),
    calls: total(a, ({ fingerprint }) => fingerprint?.calls ?? 0),
    addresses: total(a, ({ fingerprint }) => fingerprint?.addresses ?? 0),
  };
}

/** Compares runs in pairs of the same seed, figure by figure and call by call. */
export function compareRuns(
  a: readonly RunFigures[],
  b: readonly RunFigures[],
  options: Omit<CompareFiguresOptions, "isExact">,
): RunsComparison {
  const seedMatters = [...a, ...b].some((run) => run.seedMatters);
  const figures = compareFigures(a, b, { ...options, isExact: !seedMatters });
  const callByCall = compareCalls(a, b);
  const isIdentical = callByCall.compared && callByCall.identicalPairs === a.length;
  return {
    seeds: a.map(({ seed }) => seed),
    seedMatters,
    callByCall,
    verdict: isIdentical ? "identical" : headline(figures),
    figures,
    statistics: statisticsOf(figures, options.resamples),
  };
}
