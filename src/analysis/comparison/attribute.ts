import type { Attribution, FigureComparison } from "../../formats/result/comparison-result.js";
import { mean } from "../statistics/sample.js";
import { didTheSame } from "./compare-runs.js";
import type { RunFigures } from "./run-figures.js";

/** Runs with one behaviour switched, on the seeds of the comparison. */
export interface SwitchedRuns {
  readonly behaviour: string;
  /** Of a, with b's value of the behaviour. */
  readonly alone: readonly RunFigures[];
  /** Of b, with a's value of it. */
  readonly without: readonly RunFigures[];
}

function allSame(runs: readonly RunFigures[], others: readonly RunFigures[]): boolean {
  return runs.every((run, i) => didTheSame(run, others[i]!) === true);
}

function meanOf(runs: readonly RunFigures[], name: string): number {
  const values = runs.map(
    ({ figures }) => figures.find((figure) => figure.name === name)?.value ?? NaN,
  );
  return mean(values);
}

function share(part: number, whole: number): number {
  return part === 0 ? 0 : part / whole;
}

/**
 * Which part each behaviour has in the difference between a and b, from runs in which it alone was
 * switched, both ways: parts that add up to more or less than the whole work together.
 *
 * @param figures those that differ.
 */
export function attribute(
  a: readonly RunFigures[],
  b: readonly RunFigures[],
  switched: readonly SwitchedRuns[],
  figures: readonly FigureComparison[],
): Attribution[] {
  return switched.map(({ behaviour, alone, without }) => {
    if (allSame(alone, a) && allSame(without, b)) return { behaviour, part: "none", shares: [] };
    const shares = figures
      .filter(({ difference }) => difference !== 0)
      .map(({ name, difference }) => ({
        figure: name,
        alone: share(meanOf(alone, name) - meanOf(a, name), difference),
        without: share(meanOf(b, name) - meanOf(without, name), difference),
      }))
      .filter((share) => Number.isFinite(share.alone) && Number.isFinite(share.without));
    const isAll = allSame(alone, b) && allSame(without, a);
    return { behaviour, part: isAll ? "all" : "some", shares };
  });
}
