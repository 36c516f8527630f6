import { z } from "zod";
import { count, publishedSchema } from "./result-pieces.js";

/** What an operator would have to do for it, the least effort first. */
export const EFFORTS = [
  "nothing",
  "configuration",
  "more addresses",
  "new blocks",
  "another mode",
  "other nodes",
] as const;

/** Version of the plan document. A field that changes its meaning raises it. */
export const PLAN_VERSION = 1;

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

const HeadroomSchema = z
  .strictObject({
    more: z
      .int()
      .nullable()
      .describe("How many more; null: the risk is above the target as it is."),
    needed: z
      .int()
      .nullable()
      .describe("Then: how many to add, or to take away (below 0); null: no number was found."),
    isBeyond: z.boolean().describe("Whether even more would do: the search ended there."),
    isMonotone: z.boolean().describe("Whether the risk was found to grow with it."),
  })
  .nullable()
  .describe("Null: time ran out.");

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
  method: z
    .enum(["counts", "cluster model"])
    .describe("What the runs are: counts without timing, or the whole cluster in simulated time."),
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
    isBorrowingFailure: z
      .boolean()
      .describe("Whether an address from another node's block counts as a failure."),
    initial: z
      .strictObject({ blocks: count, pods: count, leftOut: z.array(z.string()) })
      .nullable()
      .describe("What the runs start from; null: an empty cluster."),
    strictAffinity: z.boolean(),
    maxBlocksPerHost: count.describe("0: not set, which means 20."),
    ranges: z.array(
      z.strictObject({
        input: z.string(),
        low: z.number(),
        high: z.number(),
      }),
    ),
    target: probability.describe("The risk that is taken for acceptable."),
  }),
  protocol: z
    .strictObject({
      compared: count.describe(
        "Decisions at which counts and protocol agreed; 0: the runs performed the protocol themselves.",
      ),
      apiRequestsPerDay: z
        .number()
        .nullable()
        .describe(
          "Requests to the Kubernetes API server: what an assignment and a release cost in that " +
            "beginning, times how many of them the runs have in a day; null for runs without duration.",
        ),
      measuredUs: timeUs.describe("How long that beginning is."),
    })
    .nullable()
    .describe("The beginning of a run that performed Calico's whole protocol beside the counts."),
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
          "address borrowed",
          "time-out",
          "no connection",
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
  rareEvent: z
    .strictObject({
      probability,
      interval: IntervalSchema.nullable().describe("Student's t, 95 %; null: nothing was seen."),
      upperBound: probability.describe("Above what the probability hardly is."),
      replications: count,
      effort: count.describe("Trajectories a stage and replication."),
      trajectories: count,
      levels: z.array(z.number()),
    })
    .nullable()
    .describe("The same risk by multilevel splitting; null: not asked for, or no time."),
  headroom: z
    .strictObject({
      runs: count.describe("Of each question, with common random numbers."),
      nodes: HeadroomSchema,
      pods: HeadroomSchema.describe("At the peak, on the same nodes."),
    })
    .nullable()
    .describe("What can be added before the risk is above the target."),
  search: z
    .strictObject({
      runs: count,
      choices: z.array(
        z.strictObject({
          name: z.string(),
          effort: z.enum(EFFORTS),
          meets: z.boolean().describe("Whether no more runs failed than the target allows."),
          ...risk,
          strandedP95: count,
          routesP95: count,
          borrowedP95: count,
          apiRequestsPerDay: z.number().nullable(),
        }),
      ),
      recommended: count.nullable().describe("Index of a choice; null: none meets the target."),
      why: z.string(),
      isMonotone: z.boolean(),
      isWhole: z.boolean().describe("False: time ran out."),
    })
    .nullable(),
  sensitivity: z
    .array(
      z.strictObject({
        name: z.string(),
        low: z.number(),
        high: z.number(),
        riskAtLow: probability,
        riskAtHigh: probability,
        meanAbsolute: z.number().describe("Morris's mu*: mean size of the elementary effects."),
        mean: z.number(),
        deviation: z.number().describe("Their spread: interactions, or a curve."),
      }),
    )
    .nullable()
    .describe("What moves the risk, the strongest first."),
  crossChecks: z
    .array(
      z.strictObject({
        name: z.string(),
        about: z.string(),
        theory: z.number(),
        simulated: z.number().nullable(),
        interval: IntervalSchema.nullable(),
      }),
    )
    .describe("Closed forms beside the simulation, where theory applies."),
});

export type PlanResult = z.infer<typeof PlanResultSchema>;

/** JSON Schema of the plan document, as it is published in docs/. */
export function planResultJsonSchema(): unknown {
  return publishedSchema("ipamlab plan", PlanResultSchema);
}
