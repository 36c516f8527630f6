import * as z from "zod";
import { distribution } from "./distribution.js";
import { nameRule } from "./field-rules.js";
import { SeedSchema } from "./seed-schema.js";
import { text } from "./schema-pieces.js";

const path = () => text("a path").min(1, "a path");

const PodsSchema = z.strictObject(
  {
    namespace: text("a namespace", nameRule)
      .optional()
      .describe("Those of this namespace; of all when absent."),
    owner: text("an owner such as Deployment/shop")
      .min(1, "an owner such as Deployment/shop")
      .optional()
      .describe(
        "Those of this controller: Deployment/shop (its ReplicaSets' pods), CronJob/backup (its " +
          "Jobs' pods), StatefulSet/db, or Deployment, which means all of that kind.",
      ),
    lifetime: distribution().describe("How long they run on from the start of the run."),
  },
  "a mapping with lifetime",
);

/** What a scenario starts from, instead of an empty cluster. */
export const InitialStateSchema = z.strictObject(
  {
    dump: z
      .union([path(), z.array(path()).min(1)], "a path, or a list of paths")
      .optional()
      .describe(
        "What kubectl get, calicoctl datastore migrate export or etcdctl get printed of a cluster: " +
          "the run starts with its blocks, affinities, handles and pods. Pools, nodes, " +
          "configuration and reservations are those of the scenario. Relative to this file.",
      ),
    seed: z
      .array(SeedSchema, "a list of mappings with kind")
      .min(1, "at least one mapping with kind")
      .optional()
      .describe(
        "What a cluster has come to, made here: blocks, leaks, affinities. Instead of dump. " +
          "Blocks are taken from the beginning of the pool on; nothing of it belongs to a pod.",
      ),
    pods: z
      .array(PodsSchema, "a list of mappings")
      .default([])
      .describe(
        "How long the dump's pods run; the first entry that fits decides. Others stay for ever.",
      ),
  },
  "a mapping with dump or seed",
);
