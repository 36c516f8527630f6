import { z } from "zod";

/** Version of the result document. A field that changes its meaning raises it. */
export const RESULT_VERSION = 1;

const count = z.int().min(0);

const HistogramSchema = z
  .strictObject({
    count,
    sum: count,
    min: count,
    p50: count,
    p99: count,
    max: count,
  })
  .describe("Exact counts, not estimates.");

const SeriesSchema = z
  .array(
    z.strictObject({
      timeUs: z.int().describe("Start of the stretch of time, microseconds."),
      last: count.describe("Value at its end."),
      peak: count.describe("Highest value in it."),
    }),
  )
  .describe("Stretches of equal length, in order.");

const GaugeSchema = z.strictObject({ final: count, peak: count });

/** The result of `ipamlab simulate`: one document, of which every report is a function. */
export const SimulationResultSchema = z.strictObject({
  ipamlab: z.strictObject({
    document: z.literal("simulation"),
    documentVersion: z.literal(RESULT_VERSION),
    version: z.string().describe("Version of ipamlab that made it."),
  }),
  scenario: z.strictObject({
    name: z.string(),
    description: z.string(),
    seed: z.string(),
    sha256: z
      .string()
      .describe(
        "Hash of the scenario as it was understood, without file paths, name, description, and the " +
          "release and seed that stand beside it.",
      ),
  }),
  release: z.strictObject({
    name: z.string(),
    basis: z.enum(["Calico's code", "a write-up"]),
    provenance: z.string(),
  }),
  provenance: z.string().describe("How the figures were obtained, and what is not in them."),
  completed: z.boolean().describe("False when the run was interrupted."),
  workload: z.array(
    z.strictObject({
      executor: z.literal("trace"),
      format: z.string(),
      placement: z.string(),
      rows: count,
      adds: count,
      deletes: count,
      skippedRows: z.record(z.string(), count),
    }),
  ),
  timeUs: z.strictObject({ first: z.int(), last: z.int() }),
  operations: z.strictObject({
    total: count,
    assignments: z.strictObject({
      asked: count,
      succeeded: count,
      failed: count,
      successRatio: z.number().nullable().describe("Null when nothing was asked for."),
    }),
    failures: z.array(
      z.strictObject({
        reason: z.string().describe("Calico's own text."),
        count,
        firstTimeUs: z.int(),
        firstPod: z.string(),
        firstNode: z.string(),
      }),
    ),
    releases: z.strictObject({
      done: count,
      withoutAddress: count.describe("Pods that ended without ever having had an address."),
    }),
  }),
  addresses: GaugeSchema.extend({ series: SeriesSchema }),
  borrowed: GaugeSchema.extend({
    ever: count.describe("Addresses taken from blocks of other nodes, in the whole run."),
    series: SeriesSchema,
  }),
  blocks: GaugeSchema.extend({
    series: SeriesSchema,
    empty: count.describe("Claimed blocks without a pod at the end."),
    full: count,
    withoutOwner: count,
    freeAddresses: count.describe("Free addresses in claimed blocks at the end."),
    strandedAddresses: count.describe(
      "Those of them that no node in need may take: under strict affinity all in blocks of other " +
        "nodes, and always those that are reserved. Nodes in need are those that asked in vain; if " +
        "there are none, any node without a block.",
    ),
  }),
  pools: z.array(
    z.strictObject({
      name: z.string(),
      cidr: z.string(),
      capacity: z.number(),
      blocks: z.number().describe("Blocks that the pool can hold."),
      blocksClaimed: count,
      addressesInUse: count.describe("At the end."),
    }),
  ),
  nodes: z.strictObject({
    count,
    used: count.describe("Nodes that a pod was placed on."),
    needy: count.describe("Nodes that asked for an address in vain."),
    mostPods: z.strictObject({ node: z.string(), peak: count }).nullable(),
    fewestPods: z.strictObject({ node: z.string(), peak: count }).nullable(),
    mostBlocks: z.strictObject({ node: z.string(), blocks: count }).nullable(),
    fewestBlocks: z.strictObject({ node: z.string(), blocks: count }).nullable(),
  }),
  datastoreCalls: z.strictObject({
    total: count,
    perAssignment: HistogramSchema.nullable(),
    perRelease: HistogramSchema.nullable(),
    byCall: z.array(z.strictObject({ call: z.string(), count })),
  }),
  fingerprint: z
    .strictObject({
      calls: count,
      addresses: count.describe("Addresses that were given out."),
      hash: z.string(),
    })
    .nullable()
    .describe(
      "Hash over every datastore call (verb, object, revision, outcome) and every address given " +
        "out, in order: runs with the same one did the same, call by call. Null when not asked for.",
    ),
});

export type SimulationResult = z.infer<typeof SimulationResultSchema>;

/** JSON Schema of the result document, as it is published in docs/. */
export function simulationResultJsonSchema(): unknown {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "ipamlab simulation result",
    ...z.toJSONSchema(SimulationResultSchema),
  };
}
