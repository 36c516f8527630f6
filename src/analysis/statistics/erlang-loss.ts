/**
 * Erlang's loss formula B(servers, load): the share of arrivals that find every server taken, when
 * arrivals are Poisson and refused ones go away. It holds for every law of the holding times with the
 * same mean. By the recursion in the number of servers, which is stable.
 *
 * @param load arrival rate times mean holding time, in erlangs; 0 or more.
 */
export function erlangLoss(servers: number, load: number): number {
  let loss = 1;
  for (let n = 1; n <= servers; n++) loss = (load * loss) / (n + load * loss);
  return loss;
}

/** A loss system with exponential holding times, and where it starts. Rates are per unit of time. */
export interface LossSystem {
  readonly servers: number;
  readonly arrivalRate: number;
  /** Rate at which one holder leaves: 1 / mean holding time. */
  readonly departureRate: number;
  /** Servers taken at the start. */
  readonly initial: number;
}

/** Poisson probabilities below this are left out, in all less than about 1e-14. */
const WEIGHT_MIN = 1e-18;

/**
 * Probability that at least one arrival is refused within the horizon: first passage of the
 * birth-death chain from its start to "an arrival while all servers are taken", by uniformisation
 * (Jensen 1953). Exact up to rounding; keeps digits of probabilities down to about 1e-15.
 */
export function firstLossProbability(system: LossSystem, horizon: number): number {
  const { servers, arrivalRate, departureRate, initial } = system;
  const rate = arrivalRate + servers * departureRate;
  const mean = rate * horizon;
  let chances = new Float64Array(servers + 1);
  let next = new Float64Array(servers + 1);
  chances[initial] = 1;
  let lost = 0;
  let total = 0;
  let logWeight = -mean;
  for (let jumps = 0; ; jumps++) {
    const weight = Math.exp(logWeight);
    total += weight * lost;
    if (jumps > mean && weight < WEIGHT_MIN) break;
    next.fill(0);
    for (let n = 0; n <= servers; n++) {
      const chance = chances[n]!;
      if (chance === 0) continue;
      const up = (chance * arrivalRate) / rate;
      const down = (chance * n * departureRate) / rate;
      if (n === servers) lost += up;
      else next[n + 1]! += up;
      if (n > 0) next[n - 1]! += down;
      next[n]! += chance - up - down;
    }
    [chances, next] = [next, chances];
    logWeight += Math.log(mean / (jumps + 1));
  }
  return total;
}
