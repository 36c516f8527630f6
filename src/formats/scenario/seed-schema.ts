import * as z from "zod";
import { nameRule } from "./field-rules.js";
import { choice, text, wholeNumber } from "./schema-pieces.js";

/** Pieces of a cluster's state that a scenario may start from. One kind a mapping. */

/** Most blocks or handles that one entry may make. */
const COUNT_MAX = 100_000;

const MAPPING = "a mapping with kind";

const count = () => wholeNumber(1, COUNT_MAX);

const pool = text("the name of a pool", nameRule)
  .optional()
  .describe("Pool of the blocks; the first that the node may use when absent.");

const onNodes = {
  node: text("the name of a node", nameRule)
    .optional()
    .describe("On this node; on every node when absent."),
  pool,
};

const otherNode = text("the name of a node", nameRule)
  .optional()
  .describe("The other node; the next one of the scenario when absent.");

const addressesPerBlock = wholeNumber(0, 4096)
  .default(0)
  .describe("Addresses that are allocated in each block, to pods that are gone.");

const kind = <const Name extends string>(name: Name, describe: string) =>
  z.literal(name, `"${name}"`).describe(describe);

const FullBlocksSchema = z.strictObject(
  {
    kind: kind("full-blocks", "Blocks with every address allocated to a pod that is gone."),
    ...onNodes,
    blocks: count().describe("How many on each node."),
  },
  MAPPING,
);

const EmptyBlocksSchema = z.strictObject(
  {
    kind: kind("empty-blocks", "Blocks that a node owns and that hold nothing."),
    ...onNodes,
    blocks: count().describe("How many on each node."),
  },
  MAPPING,
);

const LeakedAddressesSchema = z.strictObject(
  {
    kind: kind(
      "leaked-addresses",
      "Addresses allocated to pods that are gone, in blocks of a node.",
    ),
    ...onNodes,
    addresses: wholeNumber(1, 1_000_000).describe("How many on each node."),
    handle: choice(["kept", "lost", "none"])
      .default("kept")
      .describe(
        "kept: each has its handle; lost: the handle object is gone; none: allocated without handle.",
      ),
  },
  MAPPING,
);

const LeakedHandlesSchema = z.strictObject(
  {
    kind: kind("leaked-handles", "Handles that count an address which no block holds for them."),
    pool,
    handles: count().describe("How many."),
  },
  MAPPING,
);

const DeadNodeBlocksSchema = z.strictObject(
  {
    kind: kind("dead-node-blocks", "Blocks of nodes that do not exist any more."),
    prefix: text("the beginning of the names")
      .default("dead-")
      .describe("Beginning of the nodes' names; numbers follow."),
    nodes: count().describe("How many nodes."),
    blocks: count().default(1).describe("Blocks of each of them."),
    addresses: addressesPerBlock,
    pool,
  },
  MAPPING,
);

const OverlappingBlocksSchema = z.strictObject(
  {
    kind: kind(
      "overlapping-blocks",
      "A block of a node, and a smaller one inside it that belongs to another node: what is left " +
        "when a pool is made again with another blockSize.",
    ),
    ...onNodes,
    otherNode,
    blocks: count().default(1).describe("How many pairs on each node."),
    innerBlockSize: wholeNumber(21, 128, "a prefix length beyond the pool's blockSize")
      .optional()
      .describe("Prefix length of the smaller block; two more than the pool's when absent."),
    addresses: addressesPerBlock,
  },
  MAPPING,
);

const PendingAffinitiesSchema = z.strictObject(
  {
    kind: kind("pending-affinities", "Affinities that were claimed and never confirmed; no block."),
    ...onNodes,
    blocks: count().describe("How many on each node."),
  },
  MAPPING,
);

const DoubleAffinitiesSchema = z.strictObject(
  {
    kind: kind(
      "double-affinities",
      "Blocks of a node that are confirmed for another node as well.",
    ),
    ...onNodes,
    otherNode,
    blocks: count().default(1).describe("How many on each node."),
    addresses: addressesPerBlock,
  },
  MAPPING,
);

export const SeedSchema = z.discriminatedUnion(
  "kind",
  [
    FullBlocksSchema,
    EmptyBlocksSchema,
    LeakedAddressesSchema,
    LeakedHandlesSchema,
    DeadNodeBlocksSchema,
    OverlappingBlocksSchema,
    PendingAffinitiesSchema,
    DoubleAffinitiesSchema,
  ],
  MAPPING,
);

/** A piece of the state that a scenario starts from. */
export type Seed = z.output<typeof SeedSchema>;
