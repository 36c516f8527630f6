import { z } from "zod";
import { count, LatencySchema, publishedSchema } from "./result-pieces.js";

/** Version of the rollout document. A field that changes its meaning raises it. */
export const ROLLOUT_VERSION = 1;

const timeUs = z.int().min(0).describe("Microseconds of the simulation.");
const ratio = z.number().min(0).max(1).nullable().describe("Null when there was none.");

const SideSchema = z.strictObject({
  release: z.string(),
  basis: z.enum(["Calico's code", "a write-up"]),
  provenance: z.string(),
});

const WaveHealthSchema = z
  .strictObject({
    fromUs: timeUs,
    toUs: timeUs,
    allocations: z.strictObject({ succeeded: count, failed: count, successRatio: ratio }),
    releases: z.strictObject({ succeeded: count, failed: count }),
    operationSuccessRatio: ratio.describe("Of assignments and releases; null: there was none."),
    readyUs: LatencySchema.nullable().describe(
      "From when a pod was wanted until its network was ready, of the pods that became ready then; " +
        "null when there was none, and for model: allocator.",
    ),
    leakedAddresses: count.describe("That no pod holds, at the end."),
    newLeakedAddresses: z.int().describe("By how many they have become more."),
    podsWithoutNetwork: count.nullable().describe("At the end; null for model: allocator."),
  })
  .describe("What was counted in a stretch of the run.");

const OutcomeSchema = z.strictObject({
  check: z.string(),
  passed: z.boolean(),
  value: z.number().nullable().describe("In the metric's own unit; null: nothing was measured."),
  unit: z.string(),
});

const WaveSchema = z.strictObject({
  name: z.string(),
  kind: z.enum([
    "before",
    "control plane",
    "nodes",
    "edge",
    "after the pause",
    "after the rollback",
  ]),
  nodes: z.array(z.string()).describe("Nodes whose release was replaced at its beginning."),
  nodesOnTarget: count.describe("Nodes with the new release, once it had begun."),
  nodesInAll: count,
  health: WaveHealthSchema,
  withoutRollout: WaveHealthSchema.nullable().describe(
    "The same stretch of a run that is alike but for the rollout; null when it was interrupted.",
  ),
  slices: z
    .array(
      z.strictObject({
        toUs: timeUs,
        succeeded: count,
        failed: count,
        readyUs: LatencySchema.nullable(),
        leakedAddresses: count,
        podsWithoutNetwork: count.nullable(),
      }),
    )
    .describe("Its tenths, one after the other."),
  thresholds: z
    .array(OutcomeSchema)
    .describe("What they came to when it was last looked; none after the end of the rollout."),
});

/** The result of `ipamlab rollout`: a staged upgrade of a simulated cluster. */
export const RolloutResultSchema = z.strictObject({
  ipamlab: z.strictObject({
    document: z.literal("rollout"),
    documentVersion: z.literal(ROLLOUT_VERSION),
    version: z.string(),
  }),
  scenario: z.strictObject({
    name: z.string(),
    seed: z.string(),
    seedMatters: z.boolean(),
    sha256: z.string(),
  }),
  from: SideSchema,
  to: SideSchema,
  provenance: z.string().describe("How the figures were obtained, and what is not in them."),
  assumptions: z.array(z.string()),
  settings: z.strictObject({
    model: z.string(),
    startAfterUs: timeUs,
    soakUs: timeUs,
    waves: z.string(),
    edge: z.string(),
    onFailure: z.enum(["pause", "rollback"]),
    thresholds: z.array(z.string()),
    notWatched: z
      .array(z.string())
      .describe("Thresholds that failed before the rollout, which was begun all the same."),
  }),
  completed: z.boolean().describe("False when the simulation was interrupted."),
  verdict: z.enum(["completed", "paused", "rolled back", "not begun", "interrupted"]),
  failure: z
    .strictObject({ wave: z.string(), timeUs, thresholds: z.array(OutcomeSchema) })
    .nullable()
    .describe("What ended the rollout."),
  waves: z.array(WaveSchema),
  left: z
    .array(
      z.strictObject({
        metric: z.string(),
        unit: z.string(),
        before: z.number().describe("When the rollout began."),
        after: z.number().describe("At the end."),
        withoutRollout: z.number().nullable().describe("At the same time, without the rollout."),
      }),
    )
    .describe("The state that is left behind."),
  nodesByRelease: z.array(z.strictObject({ release: z.string(), nodes: count })),
  controllersRelease: z.string().nullable().describe("Null where none are simulated."),
  notes: z.array(z.string()),
});

export type RolloutResult = z.infer<typeof RolloutResultSchema>;
export type RolloutWave = z.infer<typeof WaveSchema>;
export type WaveHealth = z.infer<typeof WaveHealthSchema>;
export type WaveOutcome = z.infer<typeof OutcomeSchema>;

/** JSON Schema of the rollout document, as it is published in docs/. */
export function rolloutResultJsonSchema(): unknown {
  return publishedSchema("ipamlab rollout result", RolloutResultSchema);
}
