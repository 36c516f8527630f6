import { findFrontier, type Frontier } from "./bisection.js";
import type { RiskProbe } from "./risk-probe.js";

/** How much more of something keeps the risk within a target. */
export interface Headroom {
  /** How many more; below 0: so many fewer are needed; null: no number helps. */
  readonly more: number | null;
  /** Whether even more would do: the search ended there. */
  readonly isBeyond: boolean;
  /** Whether the risk was found to grow with it, where it was looked at. */
  readonly isMonotone: boolean;
}

/** The most that is looked at: this many times what there is. */
const FACTOR_MAX = 10;

/** Pods are looked at in steps of a hundredth of what there are. */
const POD_STEPS = 100;

/** From nothing changed up to the far end; when that is too much already, down to the near one. */
async function around(
  low: number,
  high: number,
  meets: (amount: number) => Promise<boolean | undefined>,
): Promise<Frontier | undefined> {
  const up = await findFrontier(0, high, meets);
  if (up === undefined || up.farthest !== null) return up;
  // The least that helps: from the lowest amount up, as far as it meets the target.
  return findFrontier(low, 0, meets);
}

function headroomOf(frontier: Frontier | undefined): Headroom | undefined {
  if (frontier === undefined) return undefined;
  const { farthest: more, isBeyond, isMonotone } = frontier;
  return { more, isBeyond, isMonotone };
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
  return headroomOf(await around(1 - nodes, nodes * (FACTOR_MAX - 1), meets));
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
  const frontier = await around(1 - POD_STEPS, POD_STEPS * (FACTOR_MAX - 1), meets);
  const headroom = headroomOf(frontier);
  if (headroom === undefined || headroom.more === null) return headroom;
  return { ...headroom, more: Math.round((headroom.more * pods) / POD_STEPS) };
}
