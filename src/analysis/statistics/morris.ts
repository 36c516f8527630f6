/**
 * Elementary effects of a function's inputs, after Morris (1991) with the mean of absolute effects of
 * Campolongo, Cariboni and Saltelli (2007). Inputs are scaled to 0…1 and take four levels; a
 * trajectory changes each input once, in random order, by two thirds of its range.
 */

const STEP = 2 / 3;

/** Points of one trajectory, one more than there are inputs; each differs from the last in one input. */
export interface MorrisTrajectory {
  readonly points: readonly (readonly number[])[];
  /** `changed[i]` is the input in which `points[i + 1]` differs from `points[i]`. */
  readonly changed: readonly number[];
}

/** A trajectory from a random corner of the design. Draws are in [0, 1). */
export function morrisTrajectory(inputs: number, random: () => number): MorrisTrajectory {
  // From the two lower levels a step goes up, from the two upper ones down; all four are used alike.
  const base = Array.from({ length: inputs }, () => Math.floor(random() * 4) / 3);
  const changed = Array.from({ length: inputs }, (_, i) => i);
  for (let i = inputs - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [changed[i], changed[j]] = [changed[j]!, changed[i]!];
  }
  const points = [base];
  for (const input of changed) {
    const next = [...points.at(-1)!];
    next[input]! += next[input]! < 0.5 ? STEP : -STEP;
    points.push(next);
  }
  return { points, changed };
}

/** What an input does to the output, over its whole range. */
export interface ElementaryEffect {
  /** Mean effect, with its sign. */
  readonly mean: number;
  /** Mean of the effects' sizes: how much the input matters. */
  readonly meanAbsolute: number;
  /** Spread of the effects: interactions with other inputs, or a curve. 0 for a single trajectory. */
  readonly deviation: number;
}

/**
 * The elementary effects by input.
 *
 * @param outputs the function's value at each point of each trajectory.
 */
export function elementaryEffects(
  trajectories: readonly MorrisTrajectory[],
  outputs: readonly (readonly number[])[],
): ElementaryEffect[] {
  const inputs = trajectories[0]?.changed.length ?? 0;
  const effects = Array.from({ length: inputs }, (): number[] => []);
  for (const [t, { points, changed }] of trajectories.entries()) {
    for (const [i, input] of changed.entries()) {
      const width = points[i + 1]![input]! - points[i]![input]!;
      effects[input]!.push((outputs[t]![i + 1]! - outputs[t]![i]!) / width);
    }
  }
  return effects.map((values) => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const meanAbsolute = values.reduce((a, b) => a + Math.abs(b), 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const deviation = values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1));
    return { mean, meanAbsolute, deviation };
  });
}
