import { z } from "zod";
import { count, MachineSchema, publishedSchema } from "./result-pieces.js";

/** Version of the comparison document. A field that changes its meaning raises it. */
export const COMPARISON_VERSION = 1;

const number = z.number().nullable();

const SideSchema = z.strictObject({
  release: z.string(),
  basis: z.enum(["Calico's code", "a write-up"]),
  provenance: z.string(),
});

const FIGURE_VERDICTS = [
  "same",
  "better",
  "worse",
  "different",
  "no difference seen",
  "undecided",
] as const;

export const FigureComparisonSchema = z.strictObject({
  name: z.string().describe("The metric, as thresholds name it."),
  unit: z.string(),
  better: z.enum(["higher", "lower", "neither"]),
  runs: count.describe("Pairs of runs in which both sides measured it."),
  a: z.number().describe("Mean over the runs."),
  b: z.number(),
  difference: z.number().describe("Mean of b - a over the pairs."),
  interval: z
    .strictObject({
      low: z.number(),
      high: z.number(),
      method: z.enum(["bootstrap-t", "BCa", "constant"]),
    })
    .nullable()
    .describe("95 % confidence interval of the difference; null for fewer than 5 pairs."),
  effectSize: number.describe(
    "Cohen's d of the paired differences; null when they are all the same.",
  ),
  p: number.describe(
    "Of no difference, by randomising which side of each pair is which; before correction.",
  ),
  adjustedP: number.describe("After Holm's correction for the figures that were tested."),
  detectable: number.describe(
    "Smallest true difference that would have been seen with 80 % power at the corrected level.",
  ),
  verdict: z
    .enum(FIGURE_VERDICTS)
    .describe(
      "same: equal in every pair; different: differs, and neither direction is better; undecided: " +
        "differs in fewer pairs than a statistic needs.",
    ),
});

const BehaviourComparisonSchema = z.strictObject({
  name: z.string(),
  area: z.string(),
  a: z.string().describe("Its value in words."),
  b: z.string(),
  effect: z.string().describe("What a user sees of the change."),
  source: z.string(),
  askedA: count
    .nullable()
    .describe(
      "How often the runs of a asked for it; 0: it cannot matter; null: they were not counted.",
    ),
  askedB: count.nullable(),
});

const ShareSchema = z.strictObject({
  figure: z.string(),
  alone: z.number().describe("Share of the difference that a with b's value of it has."),
  without: z.number().describe("Share that is gone from b with a's value of it."),
});

const AttributionSchema = z.strictObject({
  behaviour: z.string(),
  part: z
    .enum(["all", "some", "none"])
    .describe(
      "all: a with b's value of it is b, call by call; none: switching it changed no call of either.",
    ),
  shares: z.array(ShareSchema),
});

export const AllocatorSideSchema = z.strictObject({
  release: z.string(),
  allocator: z.enum(["coarse-lock", "lock-reduced"]),
});

export const VerdictSchema = z.enum([
  "identical",
  "better",
  "worse",
  "mixed",
  "different",
  "undecided",
  "no difference seen",
]);

const MeasuredComparisonSchema = z
  .strictObject({
    provenance: z.string().describe("How the figures were obtained, and what is not in them."),
    machine: MachineSchema,
    workload: z.string(),
    threads: z.int().min(1),
    pairs: count.describe("Repetitions of both, in turn: A B, B A, A B, …"),
    secondsPerRun: z.number(),
    a: AllocatorSideSchema,
    b: AllocatorSideSchema,
    verdict: VerdictSchema,
    figures: z.array(FigureComparisonSchema),
    lockTaken: number.describe("Share of the coarse lock's acquisitions that found it taken."),
    warnings: z.array(z.string()),
  })
  .describe("Allocators in shared memory, measured on threads of this machine.");

export const StatisticsSchema = z.strictObject({
  confidence: z.number(),
  level: z.number(),
  resamples: count,
  tested: count.describe("Figures that the verdicts are corrected for."),
});

/** The result of `ipamlab compare`: two releases on the same scenario and the same seeds. */
export const ComparisonResultSchema = z.strictObject({
  ipamlab: z.strictObject({
    document: z.literal("comparison"),
    documentVersion: z.literal(COMPARISON_VERSION),
    version: z.string(),
  }),
  scenario: z.strictObject({ name: z.string(), sha256: z.string() }),
  a: SideSchema,
  b: SideSchema,
  provenance: z.string().describe("How the figures were obtained, and what is not in them."),
  completed: z.boolean().describe("False when it was interrupted; then the first runs are told."),
  seeds: z.array(z.string()).describe("One a pair of runs; both sides of a pair have the same."),
  seedMatters: z
    .boolean()
    .describe(
      "False when no run drew a random number: every seed gives the same, one pair is all there " +
        "is, and every difference is exact.",
    ),
  callByCall: z.strictObject({
    compared: z.boolean().describe("False when a run has no hash of its calls."),
    identicalPairs: count,
    operations: count.describe("Of all runs of a."),
    calls: count,
    addresses: count.describe("Given out in all runs of a."),
  }),
  verdict: VerdictSchema.describe(
    "identical: every datastore call and every address of every pair. Otherwise by whether pods " +
      "were served, then by leaks, then by times, then by all else, costs among it; mixed: some " +
      "of it better, some worse.",
  ),
  figures: z.array(FigureComparisonSchema),
  behaviours: z.array(BehaviourComparisonSchema).nullable(),
  attribution: z.array(AttributionSchema).nullable(),
  measured: MeasuredComparisonSchema.nullable().describe("Null unless threads were asked for."),
  statistics: StatisticsSchema,
});

export type ComparisonResult = z.infer<typeof ComparisonResultSchema>;
export type ComparisonStatistics = z.infer<typeof StatisticsSchema>;
export type FigureComparison = z.infer<typeof FigureComparisonSchema>;
export type BehaviourComparison = z.infer<typeof BehaviourComparisonSchema>;
export type MeasuredComparison = z.infer<typeof MeasuredComparisonSchema>;
export type Attribution = z.infer<typeof AttributionSchema>;

/** JSON Schema of the comparison document, as it is published in docs/. */
export function comparisonResultJsonSchema(): unknown {
  return publishedSchema("ipamlab comparison result", ComparisonResultSchema);
}
