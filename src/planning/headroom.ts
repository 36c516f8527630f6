import { findFrontier, type Meets } from "./bisection.js";
import type { RiskProbe } from "./risk-probe.js";

/** How much more of something keeps the risk within a target. */
export interface Headroom {
  /** How many more; null when the risk is above the target as it is. */
  readonly more: number | null;
  /** In that case, how many must be added (or taken away, below 0); null when no number was found. */
  readonly needed: number | null;
  /** Whether even more would do: the search ended there. */
  readonly isBeyond: boolean;
  /** Whether the risk was found to change in one direction, where it was looked at. */
  readonly isMonotone: boolean;
}

/** The most that is looked at: this many times what there is. */
const FACTOR_MAX = 10;

/** Pods are looked at in steps of a hundredth of what there are. */
const POD_STEPS = 100;

/**
 * Up from nothing changed; where that is too much already, the change nearest to nothing that helps:
 * fewer, else more.
 */
async function around(low: number, high: number, meets: Meets): Promise<Headroom | undefined> {
  const up = await findFrontier(0, high, meets);
  if (up === undefined) return undefined;
  if (up.farthest !== null) {
    const { farthest: more, isBeyond, isMonotone } = up;
    return { more, needed: null, isBeyond, isMonotone };
  }
  for (const end of [low, high]) {
    const back = await findFrontier(end, 0, meets);
    if (back === undefined) return undefined;
    const { farthest: needed, isMonotone } = back;
    if (needed !== null) return { more: null, needed, isBeyond: false, isMonotone };
  }
  return { more: null, needed: null, isBeyond: false, isMonotone: true };
}

/**
 * How many more nodes, with the same workload, keep the risk within the target.
 *
 * @returns undefined when time ran out.
 */
export async function headroomInNodes(
  probe: RiskProbe,
  nodes: number,
): Promise<Headroom | undefined> {
  const meets = (nodesMore: number) => probe.meets({ nodesMore });
  return around(1 - nodes, nodes * (FACTOR_MAX - 1), meets);
}

/**
 * How many more pods, on the same nodes, keep the risk within the target.
 *
 * @param pods how many there are at the peak.
 * @returns undefined when time ran out.
 */
export async function headroomInPods(
  probe: RiskProbe,
  pods: number,
): Promise<Headroom | undefined> {
  const meets = (steps: number) => probe.meets({ podsFactor: 1 + steps / POD_STEPS });
  const headroom = await around(1 - POD_STEPS, POD_STEPS * (FACTOR_MAX - 1), meets);
  if (headroom === undefined) return undefined;
  const inPods = (steps: number | null) => steps && Math.round((steps * pods) / POD_STEPS);
  return { ...headroom, more: inPods(headroom.more), needed: inPods(headroom.needed) };
}
