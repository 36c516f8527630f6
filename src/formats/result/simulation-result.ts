import { z } from "zod";
import { ClusterSectionSchema } from "./cluster-section.js";
import {
  count,
  HistogramSchema,
  LatencySchema,
  SeriesSchema,
  publishedSchema,
} from "./result-pieces.js";
import { MODELS } from "../scenario/simulation-schema.js";

/** Version of the result document. A field that changes its meaning raises it. */
export const RESULT_VERSION = 2;

const PodCountsSchema = z.strictObject({
  wanted: count.describe("Pods that the schedule wanted."),
  started: count.describe("Pods that got a node."),
  notStarted: count.describe("Pods that were given up because no node had room."),
  waited: count.describe("Pods that had to wait until a node had room."),
  waiting: count.describe("Pods that still wait."),
  ready: count.describe("Pods that got their network."),
  removed: count.describe("Pods that ended in peace."),
  dropped: count.describe("Pods that vanished without CNI DEL."),
});

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
    seedMatters: z
      .boolean()
      .describe("False when no random number was drawn: then every seed gives this result."),
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
  simulation: z.strictObject({
    model: z.enum(MODELS),
    durationUs: z
      .int()
      .nullable()
      .describe("When the run was to end; null: when nothing was left."),
  }),
  initialState: z
    .strictObject({
      blocks: count,
      pods: count.describe("Pods that hold addresses and whose node is part of the scenario."),
      podsEnded: count.describe("Those of them that ended during the run."),
      podsForEver: count.describe(
        "Those of them that stay: no entry of initialState.pods fits, or their handle is shared.",
      ),
      podAddresses: count,
      otherAddresses: count.describe(
        "Allocated to nobody who is a pod of the scenario's nodes: tunnels, leaks, load balancers.",
      ),
      leftOut: z.array(z.string()).describe("What of the dump the model does not hold."),
      contradiction: z
        .string()
        .nullable()
        .describe("What of it cannot be; the run is then not checked against invariants."),
      duplicates: count.describe(
        "How often an address was given to a pod while another held it, from overlapping blocks.",
      ),
    })
    .optional()
    .describe("What the run started from; absent: an empty cluster."),
  thresholds: z.array(
    z.strictObject({
      check: z.string().describe("As it was written."),
      passed: z.boolean(),
      value: z
        .union([z.number(), z.string(), z.null()])
        .describe("What it was compared with, in the metric's unit; null: nothing was measured."),
      unit: z.string(),
      aborted: z.boolean().describe("Whether it ended the run."),
    }),
  ),
  workload: z.array(
    z.strictObject({
      executor: z.string(),
      name: z.string(),
      placement: z.string().optional().describe("Only where it wants pods."),
      pods: PodCountsSchema,
      trace: z
        .strictObject({
          format: z.string(),
          rows: count,
          adds: count,
          deletes: count,
          skippedRows: z.record(z.string(), count),
        })
        .optional(),
    }),
  ),
  pods: PodCountsSchema.describe("Of all executors."),
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
  addresses: GaugeSchema.extend({
    series: SeriesSchema,
    reuseUs: LatencySchema.nullable().describe(
      "Microseconds from an address's release to its next assignment, at most 0.1 % too high; " +
        "null when none was given out twice.",
    ),
  }),
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
  leaks: z
    .strictObject({
      addresses: count.describe("Addresses whose pod vanished without CNI DEL."),
      handles: count.describe("Handles that count addresses which no block holds for them."),
    })
    .describe("At the end."),
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
    withoutBlock: count.describe(
      "Nodes with pods at the end that own no block: every address they have is borrowed.",
    ),
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
  cluster: ClusterSectionSchema.nullable().describe("Null for model: allocator."),
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
  return publishedSchema("ipamlab simulation result", SimulationResultSchema);
}
