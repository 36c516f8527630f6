import * as z from "zod";
import { networkRule, selectorRule } from "./field-rules.js";
import { choice, flag, name, text, wholeNumber } from "./schema-pieces.js";

/** Pools and Calico's IPAM configuration, as a scenario begins with them or changes them. */

/** Largest value of an `int` in Calico's IPAMConfig. */
const INT32_MAX = 2 ** 31 - 1;

const BLOCK_SIZES = "20 to 32 for an IPv4 pool, 116 to 128 for an IPv6 pool";

const blockSize = wholeNumber(20, 128, BLOCK_SIZES)
  .superRefine((size, context) => {
    if (size > 32 && size < 116) context.addIssue(`expected ${BLOCK_SIZES}, found ${size}`);
  })
  .meta({ anyOf: [{ maximum: 32 }, { minimum: 116 }] })
  .describe("Prefix length of the pool's blocks; 26 (IPv4) or 122 (IPv6) when absent.");

const encapsulation = () => choice(["Never", "Always", "CrossSubnet"]).default("Never");

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
    ipipMode: encapsulation().describe(
      "IP in IP between nodes: each node takes an address for its tunnel. Needs model: cluster.",
    ),
    vxlanMode: encapsulation().describe(
      "VXLAN between nodes: each node takes an address for its tunnel. Needs model: cluster.",
    ),
  },
  "a pool with name and cidr",
);

/** Most blocks of a node. */
export const MAX_BLOCKS_PER_HOST = wholeNumber(0, INT32_MAX);

export const IpamConfigSchema = z.strictObject(
  {
    strictAffinity: flag()
      .default(false)
      .describe("Nodes take addresses only from their own blocks: no borrowing."),
    autoAllocateBlocks: flag().default(true).describe("Nodes claim blocks when they need one."),
    maxBlocksPerHost: MAX_BLOCKS_PER_HOST.default(0).describe(
      "Most blocks of a node; 0 is no value, which means 20. Needs strictAffinity.",
    ),
  },
  "a mapping with strictAffinity, autoAllocateBlocks, maxBlocksPerHost",
);
