import type { Verdict } from "./risk-probe.js";

/** Asks whether the target is met with this much. */
export type Meets = (amount: number) => Promise<Verdict>;

/** The end of the amounts that meet a target. */
export interface Frontier {
  /** Farthest amount from the near end that meets it; null when not even the near end does. */
  readonly farthest: number | null;
  /** Whether the far end meets it as well, so that the frontier lies beyond. */
  readonly isBeyond: boolean;
  /**
   * Whether two amounts on either side of the frontier, which the search had no need of, are on the
   * side on which they should be. Only then is the frontier the only one.
   */
  readonly isMonotone: boolean;
}

/**
 * Searches the farthest whole amount that meets a target, between a near end that should and a far end
 * that may, by steps that double and then by bisection.
 *
 * @returns undefined when time ran out.
 */
export async function findFrontier(
  near: number,
  far: number,
  meets: Meets,
): Promise<Frontier | undefined> {
  const atNear = await meets(near);
  if (atNear === undefined) return undefined;
  if (!atNear) return { farthest: null, isBeyond: false, isMonotone: true };
  const direction = Math.sign(far - near);
  const distance = Math.abs(far - near);
  const at = (step: number) => meets(near + direction * step);
  let good = 0;
  let bad: number | undefined;
  for (let step = 1; good < distance; step *= 2) {
    const next = Math.min(distance, step);
    const verdict = await at(next);
    if (verdict === undefined) return undefined;
    if (!verdict) {
      bad = next;
      break;
    }
    good = next;
  }
  if (bad === undefined) return { farthest: far, isBeyond: true, isMonotone: true };
  const firstBad = bad;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    const verdict = await at(middle);
    if (verdict === undefined) return undefined;
    if (verdict) good = middle;
    else bad = middle;
  }
  const inside = await at(Math.floor(good * 0.7));
  const outside = await at(Math.min(distance, Math.ceil((bad + firstBad) / 2) + 1));
  if (inside === undefined || outside === undefined) return undefined;
  const isMonotone = inside && !outside;
  return { farthest: near + direction * good, isBeyond: false, isMonotone };
}
