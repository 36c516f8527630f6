import type { MemoryDatastore } from "../datastore/memory.js";
import { formatAddress } from "../model/address.js";
import type { Block } from "../model/block.js";

/** What is allocated for nobody. */
export interface LeakCount {
  readonly addresses: number;
  /** Handle objects. */
  readonly handles: number;
}

/** What is allocated for nobody by one handle. */
export interface HandleLeak {
  readonly handle: string;
  /** Whether there is a handle object; without it the plugin's DEL finds no address. */
  hasObject: boolean;
  readonly addresses: string[];
}

/**
 * Visits the addresses and handle objects that no one will release: all but those of the live handles.
 * Addresses without a handle are passed over. Costs as much as there are addresses in blocks.
 */
function visitLeaks(
  datastore: MemoryDatastore,
  live: ReadonlySet<string>,
  addressLeaked: (handle: string, block: Block, ordinal: number) => void,
  handleLeaked: (handle: string) => void,
): void {
  for (const { value: block } of datastore.blocks) {
    if (block.allocatedCount === 0) continue;
    for (let ordinal = 0; ordinal < block.size; ordinal++) {
      const handle = block.attributeOf(ordinal)?.handle ?? null;
      if (handle !== null && !live.has(handle)) {
        addressLeaked(handle, block, ordinal);
      }
    }
  }
  for (const id of datastore.handleIds) if (!live.has(id)) handleLeaked(id);
}

/** Counts the addresses and handle objects that no one will release, as `visitLeaks` finds them. */
export function countLeaks(datastore: MemoryDatastore, live: ReadonlySet<string>): LeakCount {
  let addresses = 0;
  let handles = 0;
  visitLeaks(
    datastore,
    live,
    () => addresses++,
    () => handles++,
  );
  return { addresses, handles };
}

/** What no one will release, by handle. */
export function leaksByHandle(
  datastore: MemoryDatastore,
  live: ReadonlySet<string>,
): ReadonlyMap<string, HandleLeak> {
  const leaks = new Map<string, HandleLeak>();
  const leakOf = (handle: string): HandleLeak => {
    let leak = leaks.get(handle);
    if (leak === undefined) leaks.set(handle, (leak = { handle, hasObject: false, addresses: [] }));
    return leak;
  };
  visitLeaks(
    datastore,
    live,
    (handle, { cidr }, ordinal) =>
      leakOf(handle).addresses.push(formatAddress(cidr.addressAt(ordinal))),
    (handle) => {
      leakOf(handle).hasObject = true;
    },
  );
  return leaks;
}
