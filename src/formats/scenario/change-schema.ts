import * as z from "zod";
import { duration } from "./duration.js";
import { labelKeyRule, labelValueRule, nameRule, selectorRule } from "./field-rules.js";
import { MAX_BLOCKS_PER_HOST, PoolSchema } from "./pool-schema.js";
import { flag, positiveNumber, text } from "./schema-pieces.js";

/** What an administrator does to the cluster while the run goes on. One kind a mapping. */

const MAPPING = "a mapping with at and change";

const at = duration().describe("When, after the start of the run; before what pods do then.");

const change = <const Name extends string>(name: Name, describe: string) =>
  z.literal(name, `"${name}"`).describe(describe);

const pool = text("the name of a pool", nameRule).describe("Name of the pool.");

const nodeSelector = text("a selector such as all()", selectorRule)
  .default("all()")
  .describe("Calico selector over node labels: which of the nodes that are there then.");

const labelChange = z
  .record(
    text("a label key", labelKeyRule),
    z.union([text("a text", labelValueRule), z.null()], "a text, or null to remove the label"),
    "a mapping of labels",
  )
  .describe("Labels that the nodes get; null removes one.");

export const ChangeSchema = z.discriminatedUnion(
  "change",
  [
    z.strictObject(
      { change: change("add-pool", "Makes a pool."), at, pool: PoolSchema.describe("The pool.") },
      MAPPING,
    ),
    z.strictObject(
      { change: change("disable-pool", "The pool gives no addresses any more."), at, pool },
      MAPPING,
    ),
    z.strictObject(
      { change: change("enable-pool", "The pool gives addresses again."), at, pool },
      MAPPING,
    ),
    z.strictObject(
      {
        change: change("delete-pool", "Removes the pool object; its blocks stay."),
        at,
        pool,
      },
      MAPPING,
    ),
    z.strictObject(
      {
        change: change("ipam-config", "Sets Calico's IPAM configuration; what is absent stays."),
        at,
        strictAffinity: flag().optional().describe("As in ipamConfig."),
        autoAllocateBlocks: flag().optional().describe("As in ipamConfig."),
        maxBlocksPerHost: MAX_BLOCKS_PER_HOST.optional().describe("As in ipamConfig."),
      },
      MAPPING,
    ),
    z.strictObject(
      {
        change: change(
          "relabel-nodes",
          "Changes labels of nodes: pools and executors select by them.",
        ),
        at,
        nodeSelector,
        labels: labelChange,
      },
      MAPPING,
    ),
    z.strictObject(
      {
        change: change(
          "release",
          "Calico on these nodes is replaced by another release; kube-controllers stays.",
        ),
        at,
        nodeSelector,
        release: text("a Calico release such as v3.28.4").describe("The release."),
      },
      MAPPING,
    ),
    z.strictObject(
      {
        change: change("slow-datastore", "The datastore takes longer, until it is said otherwise."),
        at,
        slowdown: positiveNumber(1e6).describe("Factor on every service time; 1 is as usual."),
      },
      MAPPING,
    ),
    z.strictObject(
      {
        change: change("stop-datastore", "The datastore refuses every connection."),
        at,
      },
      MAPPING,
    ),
    z.strictObject(
      { change: change("restore-datastore", "The datastore answers as at the beginning."), at },
      MAPPING,
    ),
    z.strictObject(
      { change: change("stop-gc", "kube-controllers stops, and forgets what it knew."), at },
      MAPPING,
    ),
    z.strictObject({ change: change("start-gc", "kube-controllers starts anew."), at }, MAPPING),
  ],
  MAPPING,
);

/** A change of the cluster at a time of the run. */
export type Change = z.output<typeof ChangeSchema>;
