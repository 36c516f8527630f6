import { z } from "zod";

/** Version of the plan document. A field that changes its meaning raises it. */
export const PLAN_VERSION = 1;

const count = z.int().min(0);
const probability = z.number().min(0).max(1);
const timeUs = z.int().min(0);

const IntervalSchema = z
  .strictObject({ low: probability, high: probability })
  .describe(
    "95 %: Wilson's interval; for what was never seen, from 0 to the exact one-sided bound.",
  );

const risk = {
  failed: count.describe("Runs in which it happened."),
  runs: count,
  probability,
  interval: IntervalSchema,
};

const SpreadSchema = z
  .strictObject({ mean: z.number(), p50: count, p95: count, max: count })
  .describe("Over the runs.");

const QuantileSchema = z.strictObject({
  share: probability.describe("Of the runs."),
  time: timeUs.nullable().describe("When this share had failed, µs; null: not within the horizon."),
  low: timeUs.nullable(),
  high: timeUs.nullable(),
});

/** The result of `ipamlab plan`. */
export const PlanResultSchema = z.strictObject({
  ipamlab: z.strictObject({
    document: z.literal("plan"),
    documentVersion: z.literal(PLAN_VERSION),
    version: z.string().describe("Version of ipamlab that made it."),
  }),
  scenario: z.strictObject({ name: z.string(), description: z.string(), seed: z.string() }),
  release: z.strictObject({
    name: z.string(),
    basis: z.enum(["Calico's code", "a write-up"]),
    provenance: z.string(),
  }),
  provenance: z.string().describe("How the figures were obtained, and what is not in them."),
  runs: z.strictObject({
    asked: count,
    done: count,
    endedBy: z.enum(["interrupt", "time budget"]).nullable().describe("Null: all were done."),
  }),
  inputs: z.strictObject({
    horizonUs: timeUs.nullable().describe("Null: until nothing is left to happen."),
    nodes: count.describe("At the start."),
    nodesJoining: count.describe("By growth, within the horizon."),
    maxPods: count,
    hasTunnels: z.boolean().describe("Whether each node takes an address for its tunnel."),
    strictAffinity: z.boolean(),
    maxBlocksPerHost: count.describe("0: not set, which means 20."),
    ranges: z.array(
      z.strictObject({
        input: z.string(),
        low: z.number(),
        high: z.number(),
      }),
    ),
  }),
  protocol: z
    .strictObject({
      compared: count.describe("Decisions at which counts and protocol agreed."),
      apiRequestsPerDay: z
        .number()
        .nullable()
        .describe("Requests to the Kubernetes API server; null for a run without duration."),
    })
    .describe("One run that performed Calico's whole protocol beside the counts."),
  operations: count.describe("Assignments and releases of all runs."),
  risk: z.strictObject(risk).describe("That any request for an address fails."),
  kinds: z
    .array(
      z.strictObject({
        kind: z.enum([
          "pool exhausted",
          "no block left (strict affinity)",
          "block limit of the node",
          "no pool for the node",
          "other",
        ]),
        ...risk,
        meanCount: z.number().describe("Failed requests a run, over the runs that had any."),
        example: z.strictObject({
          seed: z.string().describe("ipamlab simulate --seed repeats the run."),
          timeUs,
          node: z.string(),
          text: z.string().describe("Calico's own text."),
        }),
      }),
    )
    .describe("Reasons, most likely first; a run may have several."),
  notStarted: z
    .strictObject({ ...risk, meanPods: z.number() })
    .describe("Pods that no node had room for: they never asked for an address."),
  firstFailure: z.strictObject({
    quantiles: z.array(QuantileSchema),
    curve: z
      .array(
        z.strictObject({
          time: timeUs,
          atRisk: count,
          events: count,
          survival: probability,
          interval: IntervalSchema.nullable(),
        }),
      )
      .describe("Kaplan and Meier: share of runs without failure up to each time."),
  }),
  groups: z
    .array(z.strictObject({ name: z.string(), nodes: count, ...risk }))
    .describe("Nodes by their labels: risk that one of them fails to get an address."),
  pools: z.array(
    z.strictObject({
      name: z.string(),
      cidr: z.string(),
      blockSize: count,
      addresses: z.number(),
      blocks: z.number(),
      addressesPeak: SpreadSchema,
      blocksPeak: SpreadSchema,
    }),
  ),
  addressesPeak: SpreadSchema,
  blocksPeak: SpreadSchema,
  borrowedPeak: SpreadSchema,
  routesPeak: SpreadSchema.describe("One a block and one a borrowed address, at the most."),
  strandedAtPeak: SpreadSchema.describe(
    "Free addresses of claimed blocks when the most addresses were in use.",
  ),
});

export type PlanResult = z.infer<typeof PlanResultSchema>;

/** JSON Schema of the plan document, as it is published in docs/. */
export function planResultJsonSchema(): unknown {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "ipamlab plan",
    ...z.toJSONSchema(PlanResultSchema),
  };
}
