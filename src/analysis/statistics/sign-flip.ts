/** Up to this many differences that are not 0, every choice of signs is tried. */
const EXACT_MAX = 13;

/** Sums that differ by rounding alone count as equal. */
const ROUNDING = 1e-12;

/** Share of all choices of signs that give a sum at least as far from 0. */
function exactShare(values: readonly number[], reach: number): number {
  const choices = 2 ** values.length;
  let reached = 0;
  for (let choice = 0; choice < choices; choice++) {
    let sum = 0;
    for (let i = 0; i < values.length; i++) {
      sum += (choice >>> i) & 1 ? values[i]! : -values[i]!;
    }
    if (Math.abs(sum) >= reach) reached++;
  }
  return reached / choices;
}

function drawnShare(
  values: readonly number[],
  reach: number,
  { draws, random }: SignFlipOptions,
): number {
  let reached = 0;
  for (let draw = 0; draw < draws; draw++) {
    let sum = 0;
    for (const value of values) sum += random() < 0.5 ? value : -value;
    if (Math.abs(sum) >= reach) reached++;
  }
  // The observed signs are one of the choices, so that p is never 0.
  return (reached + 1) / (draws + 1);
}

export interface SignFlipOptions {
  /** Choices of signs that are drawn where there are too many to try all. */
  readonly draws: number;
  readonly random: () => number;
}

/**
 * Fisher's randomisation test of paired differences, two-sided: if the two sides of a pair are
 * exchangeable, each sign is as likely as the other. Nothing else is assumed, so it holds for few
 * pairs and for differences that are mostly 0, where a bootstrap's p-value is too small.
 */
export function signFlipP(differences: readonly number[], options: SignFlipOptions): number {
  const values = differences.filter((value) => value !== 0);
  if (values.length === 0) return 1;
  const size = values.reduce((sum, value) => sum + Math.abs(value), 0);
  const reach = Math.abs(values.reduce((sum, value) => sum + value, 0)) - size * ROUNDING;
  if (values.length <= EXACT_MAX) return exactShare(values, reach);
  return drawnShare(values, reach, options);
}
