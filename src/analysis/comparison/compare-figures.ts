import type {
  ComparisonStatistics,
  FigureComparison,
} from "../../formats/result/comparison-result.js";
import { pairedCohensD } from "../statistics/effect-size.js";
import { holmAdjusted } from "../statistics/holm.js";
import { CONFIDENCE } from "../statistics/interval.js";
import { minimalDetectableDifference } from "../statistics/minimal-detectable.js";
import { PAIRS_MIN, pairedInterval } from "../statistics/paired-bootstrap.js";
import { isConstant, mean } from "../statistics/sample.js";
import { signFlipP } from "../statistics/sign-flip.js";
import type { Figure, RunFigures } from "./run-figures.js";

/** A figure's values in the pairs of runs in which both sides have one. */
interface PairedFigure {
  readonly figure: Figure;
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly differences: readonly number[];
}

export interface CompareFiguresOptions {
  readonly resamples: number;
  /** A stream for a figure's bootstrap, by the figure's name. */
  readonly stream: (name: string) => () => number;
  /** Whether the runs depend on no random number: then any difference is one. */
  readonly isExact: boolean;
}

/** Chance of any verdict "better" or "worse" when nothing differs. */
const LEVEL = 1 - CONFIDENCE;

function pairFigures(a: readonly RunFigures[], b: readonly RunFigures[]): PairedFigure[] {
  const first = a[0]?.figures ?? [];
  const paired: PairedFigure[] = [];
  for (const figure of first) {
    const valueIn = (run: RunFigures) =>
      run.figures.find(({ name }) => name === figure.name)?.value ?? null;
    const values: [number, number][] = [];
    for (const [i, run] of a.entries()) {
      const before = valueIn(run);
      const after = valueIn(b[i]!);
      if (before !== null && after !== null) values.push([before, after]);
    }
    if (values.length === 0) continue;
    paired.push({
      figure,
      a: values.map(([before]) => before),
      b: values.map(([, after]) => after),
      differences: values.map(([before, after]) => after - before),
    });
  }
  return paired;
}

/** By what rule the verdicts on the figures were reached. */
export function statisticsOf(
  figures: readonly FigureComparison[],
  resamples: number,
): ComparisonStatistics {
  return {
    confidence: CONFIDENCE,
    level: Number(LEVEL.toFixed(12)),
    resamples,
    tested: figures.filter(({ adjustedP }) => adjustedP !== null).length,
  };
}

function direction(figure: Figure, difference: number): "better" | "worse" | "different" {
  if (figure.better === "neither") return "different";
  return difference > 0 === (figure.better === "higher") ? "better" : "worse";
}

/**
 * A difference that is the very same in this many pairs needs no test, nor a correction: that the
 * signs alone agree by chance is less likely than 1 %, and here the sizes agree too.
 */
const CONSTANT_PAIRS_MIN = 8;

function isTested(pair: PairedFigure): boolean {
  return pair.differences.length >= PAIRS_MIN && pair.differences.some((value) => value !== 0);
}

/** Whether so many pairs can give a p that is still low enough after correction for all tests. */
function canDecide(pairs: number, tests: number): boolean {
  return 2 ** (1 - pairs) * tests <= LEVEL;
}

/**
 * @param adjustedP null when it was not tested.
 * @param tests how many figures were tested.
 */
function verdictOn(
  { figure, differences }: PairedFigure,
  adjustedP: number | null,
  tests: number,
  isExact: boolean,
): FigureComparison["verdict"] {
  if (differences.every((value) => value === 0)) return "same";
  if (isExact) return direction(figure, differences[0]!);
  if (differences.length >= CONSTANT_PAIRS_MIN && isConstant(differences)) {
    return direction(figure, differences[0]!);
  }
  if (adjustedP === null) return "undecided";
  if (adjustedP <= LEVEL) return direction(figure, mean(differences));
  return canDecide(differences.length, tests) ? "no difference seen" : "undecided";
}

/**
 * Compares each figure over pairs of runs with common random numbers: `a[i]` and `b[i]` have the
 * same seed. Verdicts are corrected for the number of figures that were tested.
 */
export function compareFigures(
  a: readonly RunFigures[],
  b: readonly RunFigures[],
  { resamples, stream, isExact }: CompareFiguresOptions,
): FigureComparison[] {
  const pairs = pairFigures(a, b);
  const intervals = pairs.map((pair) =>
    !isExact && isTested(pair)
      ? pairedInterval(pair.differences, {
          confidence: CONFIDENCE,
          resamples,
          random: stream(`bootstrap/${pair.figure.name}`),
        })
      : null,
  );
  const pValues = pairs
    .filter((_, i) => intervals[i] !== null)
    .map(({ figure, differences }) =>
      signFlipP(differences, { draws: resamples, random: stream(`signs/${figure.name}`) }),
    );
  const adjusted = holmAdjusted(pValues);
  let next = 0;
  return pairs.map((pair, i) => {
    const { figure, differences } = pair;
    const interval = intervals[i] ?? null;
    const difference = mean(differences);
    const p = interval === null ? null : pValues[next]!;
    const adjustedP = interval === null ? null : adjusted[next++]!;
    const isSpread = interval !== null && interval.method !== "constant";
    return {
      name: figure.name,
      unit: figure.unit,
      better: figure.better,
      runs: differences.length,
      a: mean(pair.a),
      b: mean(pair.b),
      difference,
      interval: interval && { low: interval.low, high: interval.high, method: interval.method },
      effectSize: differences.length < 2 ? null : pairedCohensD(differences),
      p,
      adjustedP,
      detectable: isSpread
        ? minimalDetectableDifference(differences, LEVEL / pValues.length)
        : null,
      verdict: verdictOn(pair, adjustedP, pValues.length, isExact),
    };
  });
}
