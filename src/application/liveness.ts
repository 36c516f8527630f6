import type { Liveness, UnsettledName } from "../formats/result/liveness.js";
import type { Kernel } from "../simulation/kernel.js";
import { type KernelTurns, WAKES_PER_TURN } from "./run-kernel.js";

/** How many there are of each thing that keeps a cluster from rest; what there is none of may be absent. */
export type Unsettled = Readonly<Partial<Record<UnsettledName, number>>>;

/** How often the state is looked at. */
const LOOK_EVERY_US = 1_000_000;

/** A model that may come to rest. */
export interface RestlessModel {
  /** Ends all faults, those to come as well. */
  readonly calm: () => void;
  readonly unsettled: () => Unsettled;
}

const isAtRest = (state: Unsettled): boolean => Object.values(state).every((count) => count === 0);

function statesOf(begin: Unsettled, halfway: Unsettled, end: Unsettled): Liveness["states"] {
  const names = Object.keys({ ...begin, ...halfway, ...end }) as UnsettledName[];
  return names
    .map((name) => ({
      name,
      atBegin: begin[name] ?? 0,
      halfway: halfway[name] ?? 0,
      atEnd: end[name] ?? 0,
    }))
    .filter(({ atBegin, halfway: half, atEnd }) => atBegin + half + atEnd > 0);
}

function verdictOf(states: Liveness["states"]): Liveness["verdict"] {
  const left = states.filter(({ atEnd }) => atEnd > 0);
  if (left.length === 0) return "at rest";
  return left.some(({ halfway, atEnd }) => atEnd >= halfway) ? "stable bad state" : "still moving";
}

/**
 * Lets a cluster to which nothing happens any more go on until it is at rest, or its time is over.
 * The state is looked at once a simulated second.
 */
export async function comeToRest(
  kernel: Kernel,
  withinUs: number,
  { calm, unsettled }: RestlessModel,
  { onTurn, wakesOfTurn = () => WAKES_PER_TURN }: KernelTurns,
): Promise<Liveness> {
  calm();
  const beganUs = kernel.nowUs;
  const begin = unsettled();
  let halfway = begin;
  let end = begin;
  let isInterrupted = false;
  while (!isAtRest(end) && kernel.nowUs < beganUs + withinUs && !isInterrupted) {
    const nextUs = Math.min(kernel.nowUs + LOOK_EVERY_US, beganUs + withinUs);
    while (!isInterrupted && !kernel.run(nextUs, wakesOfTurn())) {
      isInterrupted = !(await onTurn());
    }
    end = unsettled();
    if (kernel.nowUs <= beganUs + withinUs / 2) halfway = end;
  }
  const states = statesOf(begin, halfway, end);
  const verdict = isInterrupted ? "interrupted" : verdictOf(states);
  const tookUs = verdict === "at rest" ? kernel.nowUs - beganUs : null;
  return { beganUs, withinUs, tookUs, verdict, states };
}
