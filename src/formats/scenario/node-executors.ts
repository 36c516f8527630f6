import * as z from "zod";
import { distribution } from "./distribution.js";
import { duration, positiveDuration } from "./duration.js";
import { common, EXECUTOR, grace } from "./executor-pieces.js";
import { labelKeyRule, labelValueRule, selectorRule } from "./field-rules.js";
import { choice, flag, positiveNumber, text, wholeNumber } from "./schema-pieces.js";

/** Executors that change which nodes there are. */

const NODES_MAX = 100_000;

const nodeCount = wholeNumber(1, NODES_MAX);

const nodeSelector = text("a selector such as all()", selectorRule)
  .default("all()")
  .describe("Calico selector over node labels: which nodes it may take.");

const pick = choice(["first", "random"])
  .default("first")
  .describe("Which of them it takes: those that joined first, or any, by a draw.");

const labels = z
  .record(text("a label key", labelKeyRule), text("a text", labelValueRule), "a mapping of labels")
  .default({})
  .describe("Labels of the new nodes.");

const newNodes = {
  prefix: text("the beginning of the names")
    .optional()
    .describe("Beginning of the new nodes' names; the executor's name and - when absent."),
  labels,
};

const NodeJoinSchema = z.strictObject(
  {
    executor: z.literal("node-join", '"node-join"').describe("New nodes join the cluster."),
    ...common,
    ...newNodes,
    nodes: nodeCount.describe("How many."),
    within: duration().prefault("0s").describe("They join evenly spread over this time."),
  },
  EXECUTOR,
);

const NodeDrainSchema = z.strictObject(
  {
    executor: z
      .literal("node-drain", '"node-drain"')
      .describe(
        "kubectl drain of one node after the other: cordon, evict every pod, wait until all are gone.",
      ),
    ...common,
    nodeSelector,
    pick,
    nodes: nodeCount.describe("How many."),
    atOnce: nodeCount.default(1).describe("Nodes that are drained at the same time."),
    evictionsAtOnce: wholeNumber(1, 1_000_000)
      .optional()
      .describe(
        "Evicted pods of a node that may be on their way out at a time, as a disruption budget " +
          "makes it; what is refused is tried again every 5s. No limit when absent.",
      ),
    grace,
    afterwards: choice(["keep", "uncordon", "delete"])
      .default("keep")
      .describe("What becomes of a drained node: it stays cordoned, takes pods again, or goes."),
  },
  EXECUTOR,
);

const SpotKillSchema = z.strictObject(
  {
    executor: z
      .literal("spot-kill", '"spot-kill"')
      .describe("Machines vanish with everything on them: no CNI DEL runs."),
    ...common,
    nodeSelector,
    pick,
    nodes: nodeCount.describe("How many."),
    within: duration().prefault("0s").describe("They vanish evenly spread over this time."),
    deleteAfter: distribution()
      .optional()
      .describe("When the node object is deleted, after the machine is gone; never when absent."),
    replaceAfter: distribution()
      .optional()
      .describe("When a new node takes its place, after the machine is gone; never when absent."),
    reuseNames: flag()
      .default(false)
      .describe("Whether the new node comes under the old one's name."),
  },
  EXECUTOR,
);

const AutoscaleSchema = z.strictObject(
  {
    executor: z
      .literal("autoscale", '"autoscale"')
      .describe(
        "A cluster autoscaler: adds nodes for pods that wait (whenFull: wait), takes its own away " +
          "when they have been empty for long.",
      ),
    ...common,
    ...newNodes,
    nodesMax: nodeCount.describe("Most nodes that it has at a time."),
    scanEvery: positiveDuration().prefault("10s").describe("How often it looks for waiting pods."),
    nodeStartup: distribution()
      .prefault("3m30s")
      .describe("From the decision to the node's joining."),
    removeAfter: positiveDuration()
      .prefault("10m")
      .describe("How long a node is empty before it goes."),
    removeAtOnce: nodeCount.default(10).describe("Most nodes that go at one look."),
    runs: positiveDuration().describe("How long the autoscaler runs."),
  },
  EXECUTOR,
);

const ZoneLossSchema = z.strictObject(
  {
    executor: z
      .literal("zone-loss", '"zone-loss"')
      .describe(
        "All machines of a zone stop at once. Kubernetes notices, evicts their pods node by node, " +
          "and controllers replace them elsewhere. No CNI DEL runs.",
      ),
    ...common,
    nodeSelector: text("a selector such as zone == 'a'", selectorRule).describe(
      "Calico selector over node labels: the nodes of the zone.",
    ),
    detectAfter: duration().prefault("40s").describe("When a node counts as lost."),
    evictAfter: duration().prefault("5m").describe("How long pods tolerate that."),
    evictionRate: positiveNumber(1e6)
      .default(0.1)
      .describe("Nodes in a second whose pods are evicted; 0.1 in Kubernetes, less when it slows."),
    returnAfter: positiveDuration()
      .optional()
      .describe(
        "When new machines join under the old names, after the loss; never when absent. What the " +
          "old ones held in IPAM is not given back by them.",
      ),
  },
  EXECUTOR,
);

export const NODE_EXECUTORS = [
  NodeJoinSchema,
  NodeDrainSchema,
  SpotKillSchema,
  AutoscaleSchema,
  ZoneLossSchema,
] as const;
