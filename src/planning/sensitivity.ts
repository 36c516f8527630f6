import {
  elementaryEffects,
  type MorrisTrajectory,
  morrisTrajectory,
} from "../analysis/statistics/morris.js";
import { RandomStreams } from "../simulation/random-streams.js";
import type { PlanSettings } from "./plan-settings.js";
import type { UncertainRange } from "./plan-question.js";
import { failedRuns, type RiskProbe } from "./risk-probe.js";

/** An input that is varied, from its low to its high value. */
export interface VariedInput {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly settings: (value: number) => PlanSettings;
}

/** What one input does to the risk. */
export interface InputEffect {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  /** Risk with the input at its ends and all else as it is. */
  readonly riskAtLow: number;
  readonly riskAtHigh: number;
  /** Of Morris: mean size of the effects, their mean with sign, and their spread. */
  readonly meanAbsolute: number;
  readonly mean: number;
  readonly deviation: number;
}

/** An input without a range of its own is varied by a fifth to either side. */
const SPREAD = 0.2;
const TRAJECTORIES = 6;

/** The inputs of a case: those with a given range, the others by a fifth to either side. */
export function variedInputs(
  ranges: readonly UncertainRange[],
  nodes: number,
  blockSize: { readonly low: number; readonly high: number },
): VariedInput[] {
  const given = (input: UncertainRange["input"]) => ranges.find((range) => range.input === input);
  const around = (centre: number) => ({
    low: centre * (1 - SPREAD),
    high: centre * (1 + SPREAD),
  });
  const count = around(nodes);
  const whole = { low: Math.max(1, Math.round(count.low)), high: Math.round(count.high) };
  return [
    {
      name: "nodes",
      ...(given("nodes") ?? whole),
      settings: (value) => ({ nodes: Math.round(value) }),
    },
    { name: "pods", ...(given("pods") ?? around(1)), settings: (pods) => ({ pods }) },
    {
      name: "lifetime",
      ...(given("lifetime") ?? around(1)),
      settings: (lifetime) => ({ lifetime }),
    },
    {
      name: "blockSize",
      low: blockSize.low,
      high: blockSize.high,
      settings: (value) => ({ blockSize: Math.round(value) }),
    },
    {
      name: "pool size",
      low: -1,
      high: 1,
      settings: (value) => ({ poolPrefixShift: -Math.round(value) }),
    },
  ];
}

/**
 * Which inputs move the risk: one at a time around the present case, and Morris's elementary effects
 * over the whole box. All with common random numbers.
 *
 * @returns the strongest first; undefined when time ran out.
 */
export async function inputEffects(
  probe: RiskProbe,
  inputs: readonly VariedInput[],
  seed: string,
): Promise<InputEffect[] | undefined> {
  const riskWith = async (settings: PlanSettings): Promise<number | undefined> => {
    const outcomes = await probe.outcomes(settings);
    return outcomes && failedRuns(outcomes) / outcomes.length;
  };
  const random = new RandomStreams(seed).stream("morris");
  const trajectories: MorrisTrajectory[] = [];
  const outputs: number[][] = [];
  for (let t = 0; t < TRAJECTORIES; t++) {
    const trajectory = morrisTrajectory(inputs.length, random);
    const risks: number[] = [];
    for (const point of trajectory.points) {
      const parts = inputs.map(({ low, high, settings }, i) =>
        settings(low + point[i]! * (high - low)),
      );
      const risk = await riskWith(Object.assign({}, ...parts) as PlanSettings);
      if (risk === undefined) return undefined;
      risks.push(risk);
    }
    trajectories.push(trajectory);
    outputs.push(risks);
  }
  const effects = elementaryEffects(trajectories, outputs);
  const found: InputEffect[] = [];
  for (const [i, { name, low, high, settings }] of inputs.entries()) {
    const riskAtLow = await riskWith(settings(low));
    const riskAtHigh = await riskWith(settings(high));
    if (riskAtLow === undefined || riskAtHigh === undefined) return undefined;
    found.push({ name, low, high, riskAtLow, riskAtHigh, ...effects[i]! });
  }
  const width = ({ riskAtLow, riskAtHigh }: InputEffect) => Math.abs(riskAtHigh - riskAtLow);
  return found.toSorted((a, b) => width(b) - width(a) || b.meanAbsolute - a.meanAbsolute);
}
