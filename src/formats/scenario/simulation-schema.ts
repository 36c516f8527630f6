import * as z from "zod";
import { positiveDuration } from "./duration.js";
import { choice } from "./schema-pieces.js";

/**
 * What is simulated. `allocator`: every decision of Calico's allocator, each addition and removal
 * done at once. `cluster`: the nodes around it as well.
 */
export const MODELS = ["allocator", "cluster"] as const;

export type ModelName = (typeof MODELS)[number];

const LivenessSchema = z.strictObject(
  {
    within: positiveDuration().describe("How long the cluster has to come to rest."),
  },
  "a mapping with within",
);

/** How a scenario is simulated. */
export const SimulationSchema = z.strictObject(
  {
    model: choice(MODELS)
      .default("allocator")
      .describe(
        "allocator: Calico's decisions alone, without time; each pod is served at once. cluster: with " +
          "kubelets, CNI plugin, host locks and a datastore that takes time; needs duration.",
      ),
    duration: positiveDuration()
      .optional()
      .describe("When the run ends; when nothing is left to happen, if absent."),
    liveness: LivenessSchema.optional().describe(
      "After duration no pod comes or ends by itself, no machine is lost and all disturbances are " +
        "over; the run goes on until every pod has its network, no affinity is pending and garbage is " +
        "collected. Fails when that takes longer. Only with model: cluster.",
    ),
  },
  "a mapping with model and duration",
);
