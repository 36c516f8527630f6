import { normalUpperTail } from "./normal-tail.js";

export interface MannWhitney {
  /** Pairs in which the first sample's value is the greater one; a tie counts half. */
  readonly u: number;
  /** Two-sided. */
  readonly p: number;
  readonly method: "exact" | "normal, corrected for ties and continuity";
}

/** Samples up to this size get the exact distribution when no two values are equal. */
const EXACT_MAX = 40;

/** Midranks of all values together, and the sum of t³ - t over groups of t equal values. */
function rankSum(a: readonly number[], b: readonly number[]): { rankSumA: number; ties: number } {
  const all = [
    ...a.map((value) => ({ value, isA: true })),
    ...b.map((value) => ({ value, isA: false })),
  ].sort((x, y) => x.value - y.value);
  let rankSumA = 0;
  let ties = 0;
  for (let from = 0; from < all.length; ) {
    let to = from + 1;
    while (to < all.length && all[to]!.value === all[from]!.value) to++;
    const size = to - from;
    const midrank = (from + 1 + to) / 2;
    for (let i = from; i < to; i++) if (all[i]!.isA) rankSumA += midrank;
    ties += size ** 3 - size;
    from = to;
  }
  return { rankSumA, ties };
}

/** Share of all orders of n and m values in which U is at most `u`. */
function exactLowerTail(u: number, n: number, m: number): number {
  // ways[i] of the row j: choices of j places among those considered with U = i.
  let rows: Float64Array[] = Array.from({ length: n + 1 }, () => new Float64Array(n * m + 1));
  rows[0]![0] = 1;
  for (let place = 1; place <= n + m; place++) {
    const next = rows.map((row) => Float64Array.from(row));
    for (let j = 1; j <= Math.min(n, place); j++) {
      // The j-th smallest of the sample at this place has place - j values of the other below it.
      const below = place - j;
      if (below > m) continue;
      const target = next[j]!;
      const source = rows[j - 1]!;
      for (let i = 0; i + below <= n * m; i++) target[i + below]! += source[i]!;
    }
    rows = next;
  }
  const ways = rows[n]!;
  let lower = 0;
  let all = 0;
  for (let i = 0; i <= n * m; i++) {
    all += ways[i]!;
    if (i <= u) lower += ways[i]!;
  }
  return lower / all;
}

/**
 * Mann and Whitney's test of whether values of one sample tend to be greater than those of the
 * other. Exact for small samples without ties, else by the normal approximation.
 *
 * @throws RangeError when a sample is empty.
 */
export function mannWhitney(a: readonly number[], b: readonly number[]): MannWhitney {
  const n = a.length;
  const m = b.length;
  if (n === 0 || m === 0) throw new RangeError("expected at least one value in each sample");
  const { rankSumA, ties } = rankSum(a, b);
  const u = rankSumA - (n * (n + 1)) / 2;
  const smaller = Math.min(u, n * m - u);
  if (ties === 0 && n <= EXACT_MAX && m <= EXACT_MAX) {
    return { u, p: Math.min(1, 2 * exactLowerTail(smaller, n, m)), method: "exact" };
  }
  const total = n + m;
  const variance = ((n * m) / 12) * (total + 1 - ties / (total * (total - 1)));
  const method = "normal, corrected for ties and continuity";
  if (variance === 0) return { u, p: 1, method };
  const z = ((n * m) / 2 - smaller - 0.5) / Math.sqrt(variance);
  return { u, p: Math.min(1, 2 * normalUpperTail(z)), method };
}
