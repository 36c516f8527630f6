import { listBlocks } from "../datastore/request.js";
import type { BlockListing } from "../datastore/response.js";
import { CalicoError } from "../model/calico-error.js";
import { Cidr } from "../model/cidr.js";
import { readPools } from "./consistency.js";
import type { Environment, Steps } from "./environment.js";

/** Addresses of one block. */
export interface BlockUtilization {
  readonly cidr: Cidr;
  readonly capacity: number;
  readonly available: number;
}

export interface PoolUtilization {
  readonly name: string;
  readonly cidr: Cidr;
  readonly blocks: readonly BlockUtilization[];
}

/** Name of the entry for IPv4 blocks in no pool. */
const ORPHANED_BLOCKS = "orphaned allocation blocks";

/**
 * How full pools are (`GetUtilization`, libcalico-go/lib/ipam/ipam.go@v3.28.4). A block counts for the
 * first pool it overlaps; IPv6 blocks in no pool appear nowhere.
 *
 * @param wanted names or cidrs of pools; empty is all pools and the orphaned blocks.
 */
export function* utilization(
  env: Environment,
  wanted: readonly string[],
): Steps<readonly PoolUtilization[] | CalicoError> {
  const pools = yield* readPools(env);
  if (pools instanceof CalicoError) return pools;
  const entries: { name: string; cidr: Cidr; blocks: BlockUtilization[] }[] = [];
  for (const { pool, cidr } of pools.all) {
    if (wanted.length > 0 && !wanted.includes(pool.name) && !wanted.includes(cidr.text)) continue;
    entries.push({ name: pool.name, cidr, blocks: [] });
  }
  if (wanted.length === 0) {
    entries.push({ name: ORPHANED_BLOCKS, cidr: Cidr.of("0.0.0.0/0"), blocks: [] });
  }
  const listed = (yield listBlocks(0)) as BlockListing | CalicoError;
  if (listed instanceof CalicoError) return listed;
  for (const { value } of listed.entries()) {
    const entry = entries.find(({ cidr }) => cidr.overlaps(value.cidr));
    entry?.blocks.push({
      cidr: value.cidr,
      capacity: value.size,
      available: value.unallocated.length,
    });
  }
  return entries;
}
