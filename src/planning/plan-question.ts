import { RandomStreams } from "../simulation/random-streams.js";
import { type PackedCase, type PlanCase, unpackCase } from "./plan-case.js";
import { type PlanSettings, withSettings } from "./plan-settings.js";

/** Inputs that may be given as ranges. */
export const UNCERTAIN_INPUTS = ["nodes", "pods", "lifetime"] as const;

export type UncertainInput = (typeof UNCERTAIN_INPUTS)[number];

/** An input of which only a range is known; every run draws its own value, all equally likely. */
export interface UncertainRange {
  readonly input: UncertainInput;
  /** Nodes, or factors of what the scenario says. */
  readonly low: number;
  readonly high: number;
}

/** What is asked: a case, what is changed of it, and what is uncertain about it. */
export interface PlanQuestion {
  readonly planned: PackedCase;
  readonly settings: PlanSettings;
  readonly ranges: readonly UncertainRange[];
  readonly seed: string;
}

/** The streams of one run: the same in every question with this seed, whatever else is changed. */
export function streamsOf({ seed }: Pick<PlanQuestion, "seed">, run: number): RandomStreams {
  return new RandomStreams(runSeed(seed, run));
}

/** The seed with which `ipamlab simulate` repeats a run. */
export function runSeed(seed: string, run: number): string {
  return `${seed}/${run}`;
}

/** The case of one run: settings applied, uncertain inputs drawn. */
export function caseOfRun(question: PlanQuestion, run: number): PlanCase {
  const { planned, settings, ranges } = question;
  const drawn: Record<string, number> = {};
  for (const { input, low, high } of ranges) {
    const draw = streamsOf(question, run).stream(`input/${input}`)();
    drawn[input] = valueIn({ input, low, high }, draw);
  }
  return withSettings(unpackCase(planned), { ...drawn, ...settings });
}

/** The value at this share of a range. */
function valueIn({ input, low, high }: UncertainRange, share: number): number {
  if (input !== "nodes") return low + share * (high - low);
  return Math.min(high, low + Math.floor(share * (high - low + 1)));
}
