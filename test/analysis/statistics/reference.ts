import { readFileSync } from "node:fs";

/** What SciPy and NumPy computed; the file says with which versions and how. */
export interface Reference {
  readonly mannWhitney: readonly {
    readonly a: number[];
    readonly b: number[];
    readonly method: "exact" | "normal";
    readonly u: number;
    readonly p: number;
  }[];
  readonly normalUpperTail: readonly [z: number, tail: number][];
  readonly bootstrap: readonly {
    readonly differences: number[];
    readonly bca: [number, number];
    readonly studentised: [number, number];
    /** Share of resamples of one value only. */
    readonly flatShare: number;
  }[];
  readonly holm: { readonly p: number[]; readonly adjusted: number[] };
}

export const reference = JSON.parse(
  readFileSync("test/fixtures/statistics/reference.json", "utf8"),
) as Reference;
