import * as z from "zod";
import { DatastoreSchema, GcSchema, NodeSectionSchema } from "./cluster-schemas.js";
import { ExecutorSchema } from "./executor-schema.js";
import { ChangeSchema } from "./change-schema.js";
import { labelKeyRule, labelValueRule, networkOrAddressRule } from "./field-rules.js";
import { DEFAULT_NODE_PREFIX } from "./node-names.js";
import { InitialStateSchema } from "./initial-state-schema.js";
import { IpamConfigSchema, PoolSchema } from "./pool-schema.js";
import { name, text, wholeNumber } from "./schema-pieces.js";
import { SimulationSchema } from "./simulation-schema.js";
import { ThresholdSchema } from "./threshold-schema.js";
import { orList } from "./wording.js";

/**
 * The schema of scenario files, version 1. Rules that look at one text alone are here, rules across
 * fields in `cross-checks.ts`.
 */

/** Most nodes of a scenario. Far above the largest clusters, so it only catches slips. */
export const NODE_COUNT_MAX = 100_000;

const ReservationSchema = z.strictObject(
  {
    name: name("reservation"),
    cidrs: z
      .array(text("a network or an address", networkOrAddressRule), "a list of networks")
      .min(1, "at least one network")
      .describe("Networks or single addresses that are not given out automatically."),
  },
  "a reservation with name and cidrs",
);

const labels = z
  .record(text("a label key", labelKeyRule), text("a text", labelValueRule), "a mapping of labels")
  .describe("Kubernetes labels.");

const ListedNodeSchema = z.strictObject(
  {
    name: name("node"),
    labels: labels.default({}),
  },
  "a node with a name",
);

export const NodesCsvSchema = z.strictObject(
  {
    file: text("a path").min(1, "a path").describe("CSV file with a header, one node a row."),
    nameColumn: text("the name of a column")
      .default("name")
      .describe("Column of the nodes' names."),
  },
  "a mapping with file",
);

/** Ways to give the nodes; a scenario uses exactly one. */
export const NODE_SOURCES = ["count", "list", "csv"] as const;

export const NodesSchema = z
  .strictObject(
    {
      count: wholeNumber(1, NODE_COUNT_MAX)
        .optional()
        .describe(
          "Makes this many nodes: the prefix, then a number from 0 on with leading zeros, at least " +
            "four digits and as many as the last one needs, so that names sort as numbers.",
        ),
      prefix: text("the beginning of the names")
        .optional()
        .meta({ default: DEFAULT_NODE_PREFIX })
        .describe("Beginning of the names that count makes."),
      labels: labels.optional().describe("Labels of every node that count makes."),
      maxPods: wholeNumber(1, 10_000)
        .default(110)
        .describe("Most pods of a node at a time, as the kubelet's maxPods."),
      list: z
        .array(ListedNodeSchema, "a list of nodes")
        .min(1, "at least one node")
        .max(NODE_COUNT_MAX, `at most ${NODE_COUNT_MAX} nodes`)
        .optional()
        .describe("The nodes one by one."),
      csv: NodesCsvSchema.optional().describe("The nodes from a CSV file."),
    },
    `a mapping with ${orList(NODE_SOURCES)}`,
  )
  .meta({
    oneOf: NODE_SOURCES.map((source) => ({ required: [source] })),
    dependentRequired: { prefix: ["count"], labels: ["count"] },
  });

const SEED = "a text, or a whole number below 2^53";

/** One zod schema for checking, for the types, and for the published JSON Schema. */
export const ScenarioSchema = z.strictObject(
  {
    ipamlab: z.literal(1, "1, the version of this format").describe("Version of this format."),
    extends: text("a path, or the name of a scenario that comes with ipamlab")
      .min(1, "a path, or the name of a scenario that comes with ipamlab")
      .optional()
      .describe(
        "Another scenario, by its path from this file's folder or the name of one that comes with " +
          "ipamlab; this file says only what differs. Mappings are merged, but one with another " +
          "distribution replaces the one under it; null takes a key away, a list replaces a list. A mapping in the place of a list changes the items that it " +
          "calls by name or number, and adds those of the list under the key +.",
      ),
    name: text("a text")
      .min(1, "a text")
      .optional()
      .describe("Name; that of the file when absent."),
    description: text("a text").default("").describe("What the scenario shows."),
    release: text("a Calico release such as v3.28.4")
      .meta({ examples: ["v3.28.4", "pre-3.28.4", "post-3.28.4"] })
      .describe("Whose behaviour is modelled: a Calico release, or pre-/post-3.28.4."),
    seed: z
      .union([z.string().min(1, SEED), z.int(SEED)], SEED)
      .default(1)
      .describe("Fixes every random draw. 1 and the text 1 are the same seed."),
    pools: z
      .array(PoolSchema, "a list of pools")
      .min(1, "at least one pool")
      .describe("The IP pools."),
    ipamConfig: IpamConfigSchema.prefault({}).describe("Calico's IPAM configuration."),
    reservations: z
      .array(ReservationSchema, "a list of reservations")
      .default([])
      .describe("Calico's IPReservation objects."),
    nodes: NodesSchema.describe("The cluster's nodes, given in one of three ways."),
    workload: z
      .array(ExecutorSchema, "a list of executors")
      .min(1, "at least one executor")
      .describe("What happens to the pods. Executors run side by side."),
    initialState: InitialStateSchema.optional().describe(
      "What the run starts from; an empty cluster when absent.",
    ),
    changes: z
      .array(ChangeSchema, "a list of changes")
      .default([])
      .describe("What is done to the cluster while the run goes on."),
    simulation: SimulationSchema.prefault({}).describe("How the scenario is simulated."),
    datastore: DatastoreSchema.prefault({}).describe(
      "How the datastore answers. Goes only with model: cluster.",
    ),
    node: NodeSectionSchema.prefault({}).describe(
      "What happens around the plugin on each node. Goes only with model: cluster.",
    ),
    gc: GcSchema.prefault({}).describe(
      "How kube-controllers collects leaked addresses. Goes only with model: cluster.",
    ),
    thresholds: z
      .array(ThresholdSchema, "a list of thresholds")
      .default([])
      .describe("What must hold at the end: ipamlab simulate exits with 1 when one does not."),
  },
  "a scenario: a mapping that begins with ipamlab: 1",
);

/** What a user writes. */
export type ScenarioInput = z.input<typeof ScenarioSchema>;

/** What has been checked, with the defaults that do not depend on other fields. */
export type CheckedScenario = z.output<typeof ScenarioSchema>;

/** Made when it is first asked for: that takes longer than reading a scenario. */
let jsonSchema: Record<string, unknown> | undefined;

/** The JSON Schema (draft 2020-12) of a whole scenario, its base laid under it. */
export function scenarioJsonSchema(): Readonly<Record<string, unknown>> {
  jsonSchema ??= z.toJSONSchema(ScenarioSchema, { io: "input" });
  return jsonSchema;
}

/**
 * The published JSON Schema of what a user writes. A file that extends another one says only what
 * differs, so that the other decides what is missing or of the wrong form.
 */
export function publishedScenarioSchema(): Record<string, unknown> {
  const { $schema, type, properties, ...whole } = scenarioJsonSchema();
  const documented = Object.entries(properties as Record<string, { description?: string }>);
  const keys = documented.map(([key, { description }]) => [key, { description }] as const);
  return {
    $schema,
    title: "ipamlab scenario, version 1",
    type,
    if: { required: ["extends"] },
    then: { properties: Object.fromEntries(keys), additionalProperties: false },
    else: { properties, ...whole },
  };
}
