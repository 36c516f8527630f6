import { z } from "zod";
import { publishedSchema } from "./result-pieces.js";

/** Version of the baseline file. A field that changes its meaning raises it. */
export const BASELINE_VERSION = 3;

const MachineSchema = z.strictObject({
  platform: z.string(),
  arch: z.string(),
  cpu: z.string(),
  node: z.string().describe("Major version of Node.js."),
});

const ThroughputSchema = z.strictObject({
  machine: MachineSchema,
  ratios: z
    .array(z.number().positive())
    .min(1)
    .describe(
      "One a repetition on a thread of its own, the median of its turns: processor time of a run of the " +
        "scenario by that of a calibration loop, right before and after.",
    ),
});

const FigureSchema = z.strictObject({
  name: z.string(),
  unit: z.string(),
  better: z.enum(["higher", "lower", "neither"]),
  value: z.number().nullable(),
});

const EntrySchema = z.strictObject({
  file: z.string().describe("The scenario, as it was named to gate record."),
  scenario: z.strictObject({ name: z.string(), sha256: z.string() }),
  release: z.string(),
  seed: z.string(),
  provenance: z
    .string()
    .describe(
      "Hash over what the figures rest on: scenario, release, seed, version of the format.",
    ),
  fingerprint: z.strictObject({ calls: z.int(), addresses: z.int(), hash: z.string() }),
  figures: z.array(FigureSchema),
  accepted: z.array(
    z.strictObject({
      metric: z.string(),
      from: z.number().nullable(),
      to: z.number().nullable(),
      reason: z.string(),
    }),
  ),
  throughput: ThroughputSchema.nullable(),
});

/** What `ipamlab gate` compares with: a file in the user's repository. */
export const BaselineSchema = z.strictObject({
  ipamlab: z.strictObject({
    document: z.literal("baseline"),
    documentVersion: z.literal(BASELINE_VERSION),
    version: z.string().describe("Version of ipamlab that recorded it."),
  }),
  entries: z.array(EntrySchema).min(1),
});

export type Baseline = z.infer<typeof BaselineSchema>;
export type BaselineEntry = z.infer<typeof EntrySchema>;
export type BaselineFigure = z.infer<typeof FigureSchema>;
export type Throughput = z.infer<typeof ThroughputSchema>;
export type Machine = z.infer<typeof MachineSchema>;

/** JSON Schema of the baseline file, as it is published in docs/. */
export function baselineJsonSchema(): unknown {
  return publishedSchema("ipamlab gate baseline", BaselineSchema);
}
