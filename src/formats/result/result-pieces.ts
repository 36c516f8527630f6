import { z } from "zod";

/** Pieces that the schemas of result documents are made of. */

export const count = z.int().min(0);

export const HistogramSchema = z
  .strictObject({
    count,
    sum: count,
    min: count,
    p50: count,
    p99: count,
    max: count,
  })
  .describe("Exact counts, not estimates.");

export const LatencySchema = z.strictObject({
  count,
  mean: z.number(),
  min: count,
  p50: count,
  p90: count,
  p99: count,
  p999: count,
  max: count,
});

export const SeriesSchema = z
  .array(
    z.strictObject({
      timeUs: z.int().describe("Start of the stretch of time, microseconds."),
      last: count.describe("Value at its end."),
      peak: count.describe("Highest value in it."),
    }),
  )
  .describe("Stretches of equal length, in order.");

/** What measured figures were measured on. */
export const MachineSchema = z.strictObject({
  processor: z.string(),
  cores: z.int().min(1),
  node: z.string(),
  loadAverage: z.number().describe("Of the last minute, before the run."),
});

/** A schema as it is published in docs/. */
export function publishedSchema(title: string, schema: z.ZodType): unknown {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title,
    ...z.toJSONSchema(schema),
  };
}
