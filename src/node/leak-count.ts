import type { MemoryDatastore } from "../datastore/memory.js";

/** What is allocated for nobody. */
export interface LeakCount {
  readonly addresses: number;
  /** Handle objects. */
  readonly handles: number;
}

/**
 * Counts addresses and handles that no one will release: all but those of the handles given.
 * Addresses without a handle are not counted. Costs as much as there are addresses in blocks.
 */
export function countLeaks(
  datastore: MemoryDatastore,
  live: { has(handle: string): boolean },
): LeakCount {
  let addresses = 0;
  for (const { value: block } of datastore.blocks) {
    if (block.allocatedCount === 0) continue;
    for (let ordinal = 0; ordinal < block.size; ordinal++) {
      const handle = block.attributeOf(ordinal)?.handle ?? null;
      if (handle !== null && !live.has(handle)) addresses++;
    }
  }
  let handles = 0;
  for (const { value } of datastore.handles) if (!live.has(value.id)) handles++;
  return { addresses, handles };
}
