import type { Cidr } from "../model/cidr.js";
import { makePool, type Pool } from "../model/pool.js";

/** The one pool of a recording, with nothing special about it. */
export function recordedPool(cidr: Cidr, blockSize: number): Pool {
  return makePool({
    name: "recorded",
    cidr,
    blockSize,
    nodeSelector: "all()",
    disabled: false,
    allowedUses: [],
  });
}
