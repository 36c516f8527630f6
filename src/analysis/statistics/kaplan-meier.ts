import { CONFIDENCE, type Interval } from "./interval.js";
import { normalQuantile } from "./normal-quantile.js";

/** One subject: when it was last seen, and whether the event happened then (else it is censored). */
export interface Observation {
  readonly time: number;
  readonly hasEvent: boolean;
}

/** The survival curve from one event time on, up to the next. */
export interface SurvivalStep {
  readonly time: number;
  readonly atRisk: number;
  readonly events: number;
  /** Probability of no event up to and including this time. */
  readonly survival: number;
  /** Pointwise interval of it; null when survival is 0, where the method has none. */
  readonly interval: Interval | null;
}

/**
 * Survival curve of censored observations, after Kaplan and Meier (1958), with Greenwood's variance on
 * the log(-log) scale (Kalbfleisch and Prentice 1980), so that intervals stay within 0 and 1. Who is
 * censored at the time of an event was still at risk then.
 *
 * @returns a step for each time with an event, ascending; none when there is no event.
 */
export function kaplanMeier(
  observations: readonly Observation[],
  confidence = CONFIDENCE,
): SurvivalStep[] {
  const z = normalQuantile((1 + confidence) / 2);
  const sorted = observations.toSorted((a, b) => a.time - b.time);
  const steps: SurvivalStep[] = [];
  let survival = 1;
  let greenwood = 0;
  for (let i = 0; i < sorted.length; ) {
    const { time } = sorted[i]!;
    const atRisk = sorted.length - i;
    let events = 0;
    for (; i < sorted.length && sorted[i]!.time === time; i++) if (sorted[i]!.hasEvent) events++;
    if (events === 0) continue;
    survival *= (atRisk - events) / atRisk;
    greenwood += events / (atRisk * (atRisk - events));
    const interval = survival === 0 ? null : logLogInterval(survival, greenwood, z);
    steps.push({ time, atRisk, events, survival, interval });
  }
  return steps;
}

function logLogInterval(survival: number, greenwood: number, z: number): Interval {
  const spread = (z * Math.sqrt(greenwood)) / Math.log(survival);
  return { low: survival ** Math.exp(-spread), high: survival ** Math.exp(spread) };
}

/** A time by which some share of the subjects had the event; null ends lie beyond what was seen. */
export interface QuantileTime {
  readonly time: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/**
 * The time by which this share of the subjects has had the event, with the interval that follows from
 * the curve's pointwise intervals (Brookmeyer and Crowley 1982).
 */
export function eventTimeQuantile(steps: readonly SurvivalStep[], share: number): QuantileTime {
  const left = 1 - share;
  const firstTime = (isBelow: (step: SurvivalStep) => boolean) => steps.find(isBelow)?.time ?? null;
  return {
    time: firstTime((step) => step.survival <= left),
    low: firstTime((step) => (step.interval?.low ?? 0) <= left),
    high: firstTime((step) => (step.interval?.high ?? 0) <= left),
  };
}
