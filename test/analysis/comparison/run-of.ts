import type { Figure, RunFigures } from "../../../src/analysis/comparison/run-figures.js";

/** A run with these figures; its calls are told apart by `calls`. */
export function runOf(
  seed: number,
  values: Readonly<Record<string, number | null>>,
  rest: Partial<RunFigures> & { readonly calls?: string } = {},
): RunFigures {
  const { calls = "0", ...others } = rest;
  const figures = Object.entries(values).map(
    ([name, value]): Figure => ({
      name,
      unit: "count",
      better: name === "success_rate" ? "higher" : name === "allocations" ? "neither" : "lower",
      value,
    }),
  );
  const fingerprint = { calls: 100, addresses: 10, hash: calls };
  return { seed: String(seed), seedMatters: true, operations: 20, fingerprint, figures, ...others };
}
