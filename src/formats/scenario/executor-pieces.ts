import { distribution } from "./distribution.js";
import { duration, positiveDuration } from "./duration.js";
import { nameRule, selectorRule } from "./field-rules.js";
import { PLACEMENT_NAMES } from "./placement-name.js";
import { choice, positiveNumber, text, wholeNumber } from "./schema-pieces.js";

/** Fields that the schemas of several executors share. */

/** Most pods that one executor may ask for at a time. */
const PODS_MAX = 1_000_000;

/** Completes "expected …" for whatever is not an executor at all. */
export const EXECUTOR = "a mapping with executor";

/** What every executor may say. */
export const common = {
  name: text("a name", nameRule)
    .optional()
    .describe("Name of its pods and of its line in the result; that of the executor when absent."),
  startAfter: duration().prefault("0s").describe("When it begins, after the start of the run."),
};

const placed = {
  ...common,
  namespace: text("a namespace", nameRule).default("default").describe("Namespace of its pods."),
  placement: choice(PLACEMENT_NAMES)
    .default("round-robin")
    .describe("Which node a pod comes to, of those that have room."),
  nodeSelector: text("a selector such as all()", selectorRule)
    .default("all()")
    .describe("Calico selector over node labels: which nodes its pods may run on."),
};

const WHEN_FULL =
  "What becomes of a pod that no node has room for. drop: it is given up and counted as not " +
  "started. wait: it stays Pending until a node has room; its latency counts from when it was wanted.";

/** What an executor may say whose pods come by a schedule. */
export const placedBySchedule = {
  ...placed,
  whenFull: choice(["drop", "wait"]).default("drop").describe(WHEN_FULL),
};

/** What an executor may say whose pods a controller wants until they are there. */
export const placedByController = {
  ...placed,
  whenFull: choice(["drop", "wait"]).default("wait").describe(WHEN_FULL),
};

export const lifetime = distribution().describe("How long a pod runs once it is ready.");

export const lifetimeOrForEver = distribution()
  .optional()
  .describe("How long a pod runs once it is ready; for ever when absent.");

export const timeUnit = positiveDuration()
  .prefault("1s")
  .describe("What the rate counts pods in: 60 with timeUnit 1m is one a second.");

export const rate = positiveNumber(1e6).describe("Pods that come in each timeUnit.");

export const podCount = wholeNumber(1, PODS_MAX);

/** How long a pod takes from being told to end to CNI DEL. */
export const grace = distribution()
  .prefault("30s")
  .describe(
    "How long a pod takes to end once it is told to; Kubernetes allows 30s unless the pod says more.",
  );

/** Ends the description of executors that are open models. */
export const OPEN =
  "The times come from the schedule alone; a pod that finds no node is counted, not put off.";
