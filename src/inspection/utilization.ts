import type { StoredBlock, ClusterDump } from "../formats/cluster/cluster-dump.js";
import type { UsablePool } from "../model/pool.js";

/** The blocks of one pool, or those of no pool. */
export interface PoolUtilization {
  /** Null for blocks that no pool overlaps. */
  readonly pool: UsablePool | null;
  readonly blocks: readonly StoredBlock[];
}

/** The pools of a dump, disabled ones too, in order of name. */
export function poolsOf(dump: ClusterDump): UsablePool[] {
  return dump.pools
    .map(({ value }) => value)
    .filter((pool) => pool.cidr !== undefined) as UsablePool[];
}

/**
 * Each block with the first pool, by name, that it overlaps; then those without pool, if any
 * (`GetUtilization`, `libcalico-go/lib/ipam/ipam.go@v3.28.4`).
 */
export function utilizationOf(dump: ClusterDump): PoolUtilization[] {
  const pools = poolsOf(dump);
  const byPool = new Map<UsablePool | null, StoredBlock[]>(pools.map((pool) => [pool, []]));
  for (const block of dump.blocks) {
    const pool = pools.find(({ cidr }) => cidr.overlaps(block.value.cidr)) ?? null;
    const blocks = byPool.get(pool);
    if (blocks === undefined) byPool.set(pool, [block]);
    else blocks.push(block);
  }
  return [...byPool].map(([pool, blocks]) => ({ pool, blocks }));
}
