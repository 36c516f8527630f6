import * as z from "zod";
import { positiveDuration } from "./duration.js";
import { choice } from "./schema-pieces.js";

/**
 * What is simulated. `allocator`: every decision of Calico's allocator, each addition and removal
 * done at once. `cluster`: the nodes around it as well.
 */
export const MODELS = ["allocator", "cluster"] as const;

export type ModelName = (typeof MODELS)[number];

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
  },
  "a mapping with model and duration",
);
