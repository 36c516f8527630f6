import { z } from "zod";
import {
  AllocatorSideSchema,
  FigureComparisonSchema,
  StatisticsSchema,
  VerdictSchema,
} from "./comparison-result.js";
import { count, MachineSchema, publishedSchema } from "./result-pieces.js";

/** Version of the document. A field that changes its meaning raises it. */
export const LOAD_COMPARISON_VERSION = 1;

const SideSchema = z.strictObject({
  file: z.string().describe("The load document, as it was named."),
  version: z.string().describe("Version of ipamlab that measured it."),
  machine: MachineSchema,
});

const ComparedRunSchema = z.strictObject({
  threads: z.int().min(1),
  pods: count.nullable(),
  podsPerSecond: z.number().min(0).nullable().describe("Asked for; null is flat out."),
  a: AllocatorSideSchema,
  b: AllocatorSideSchema,
  pairs: count.describe(
    "Repetitions that both have: the first of a with the first of b, and so on.",
  ),
  verdict: VerdictSchema,
  figures: z.array(FigureComparisonSchema),
});

/** What `ipamlab compare` says of documents of `ipamlab load`. */
export const LoadComparisonSchema = z.strictObject({
  ipamlab: z.strictObject({
    document: z.literal("load-comparison"),
    documentVersion: z.literal(LOAD_COMPARISON_VERSION),
    version: z.string(),
  }),
  provenance: z.string().describe("How the figures were obtained, and what is not in them."),
  a: SideSchema,
  b: SideSchema,
  inTurn: z
    .boolean()
    .describe("Both sides are of one document: its allocators were measured in turn."),
  workload: z.string(),
  runs: z.array(ComparedRunSchema),
  warnings: z.array(z.string()),
  statistics: StatisticsSchema.describe("Of the figures of all runs together."),
});

export type LoadComparison = z.infer<typeof LoadComparisonSchema>;

/** JSON Schema of the document, as it is published in docs/. */
export function loadComparisonJsonSchema(): unknown {
  return publishedSchema("ipamlab comparison of load results", LoadComparisonSchema);
}
