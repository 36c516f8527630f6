import * as z from "zod";
import { TRACE_FORMATS } from "../traces/trace-event.js";
import {
  DNS_NAME,
  DNS_NAME_LENGTH_MAX,
  labelKeyRule,
  labelValueRule,
  nameRule,
  networkOrAddressRule,
  networkRule,
  selectorRule,
  type TextRule,
} from "./field-rules.js";
import { DEFAULT_NODE_PREFIX } from "./node-names.js";
import { PLACEMENT_NAMES } from "./placement-name.js";
import { orList } from "./wording.js";

/**
 * The schema of scenario files, version 1. The message given to each type is a phrase that completes
 * "expected …"; `schema-faults.ts` makes sentences of them. Rules that look at one text alone are
 * here, rules across fields in `cross-checks.ts`.
 */

/** Most nodes of a scenario. Far above the largest clusters, so it only catches slips. */
export const NODE_COUNT_MAX = 100_000;

/** Largest value of an `int` in Calico's IPAMConfig. */
const INT32_MAX = 2 ** 31 - 1;

function text(expected: string, rule?: TextRule) {
  return z.string(expected).superRefine((value, context) => {
    const fault = rule?.(value);
    if (fault !== undefined) context.addIssue(fault);
  });
}

function name(of: string) {
  const shape = { pattern: DNS_NAME.source, maxLength: DNS_NAME_LENGTH_MAX };
  return text(`the name of the ${of}`, nameRule).meta(shape).describe(`Name of the ${of}.`);
}

function wholeNumber(min: number, max: number, expected = `a whole number from ${min} to ${max}`) {
  return z.int(expected).min(min, expected).max(max, expected);
}

function choice<const T extends readonly string[]>(values: T) {
  return z.enum(values, orList(values));
}

function flag() {
  return z.boolean("true or false");
}

const BLOCK_SIZES = "20 to 32 for an IPv4 pool, 116 to 128 for an IPv6 pool";

const blockSize = wholeNumber(20, 128, BLOCK_SIZES)
  .superRefine((size, context) => {
    if (size > 32 && size < 116) context.addIssue(`expected ${BLOCK_SIZES}, found ${size}`);
  })
  .meta({ anyOf: [{ maximum: 32 }, { minimum: 116 }] })
  .describe("Prefix length of the pool's blocks; 26 (IPv4) or 122 (IPv6) when absent.");

export const PoolSchema = z.strictObject(
  {
    name: name("pool"),
    cidr: text("a network such as 10.0.0.0/16", networkRule)
      .meta({ pattern: "^[0-9A-Fa-f.:]+/[0-9]+$", examples: ["10.244.0.0/16", "fd00:10:244::/64"] })
      .describe("The pool's network, without host bits. Pools must not overlap."),
    blockSize: blockSize.optional(),
    nodeSelector: text("a selector such as all()", selectorRule)
      .default("all()")
      .describe("Calico selector over node labels: which nodes may use the pool."),
    disabled: flag().default(false).describe("A disabled pool gives no addresses."),
    allowedUses: z
      .array(choice(["Workload", "Tunnel"]), "a list of uses")
      .default(["Workload", "Tunnel"])
      .describe("What addresses are given for; an empty list means both, as in Calico."),
  },
  "a pool with name and cidr",
);

export const IpamConfigSchema = z.strictObject(
  {
    strictAffinity: flag()
      .default(false)
      .describe("Nodes take addresses only from their own blocks: no borrowing."),
    autoAllocateBlocks: flag().default(true).describe("Nodes claim blocks when they need one."),
    maxBlocksPerHost: wholeNumber(0, INT32_MAX)
      .default(0)
      .describe("Most blocks of a node; 0 is no value, which means 20. Needs strictAffinity."),
  },
  "a mapping with strictAffinity, autoAllocateBlocks, maxBlocksPerHost",
);

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

const NodesSchema = z
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

const TraceExecutorSchema = z.strictObject(
  {
    executor: z.literal("trace", '"trace"').describe("Replays a recorded churn of pods."),
    file: text("a path")
      .min(1, "a path")
      .describe("The trace, plain or gzip; - is standard input."),
    format: choice([...TRACE_FORMATS, "auto"])
      .default("auto")
      .describe("openb: pod list CSV; google2011: job_events; auto tells by the first line."),
    placement: choice(PLACEMENT_NAMES)
      .default("round-robin")
      .describe("Which node a pod comes to."),
    compress: z
      .number("a number from 0.001 to 1000000000")
      .min(0.001, "a number from 0.001 to 1000000000")
      .max(1e9, "a number from 0.001 to 1000000000")
      .default(1)
      .describe("The trace's times are divided by this: 60 plays an hour in a minute."),
  },
  "a mapping with executor",
);

const SEED = "a text, or a whole number below 2^53";

/** One zod schema for checking, for the types, and for the published JSON Schema. */
export const ScenarioSchema = z.strictObject(
  {
    ipamlab: z.literal(1, "1, the version of this format").describe("Version of this format."),
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
      .array(
        z.discriminatedUnion("executor", [TraceExecutorSchema], "a mapping with executor"),
        "a list of executors",
      )
      .min(1, "at least one executor")
      .describe("What happens to the pods."),
  },
  "a scenario: a mapping that begins with ipamlab: 1",
);

/** What a user writes. */
export type ScenarioInput = z.input<typeof ScenarioSchema>;

/** What has been checked, with the defaults that do not depend on other fields. */
export type CheckedScenario = z.output<typeof ScenarioSchema>;

/** The published JSON Schema (draft 2020-12) of what a user writes. */
export function scenarioJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(ScenarioSchema, { io: "input" });
  return {
    $schema: schema.$schema,
    title: "ipamlab scenario, version 1",
    ...schema,
  };
}
