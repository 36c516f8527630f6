import { type AllocatorWorld, createAllocatorMemory } from "../../src/allocator/create-memory.js";
import type { AllocatorMemory } from "../../src/allocator/memory.js";
import { Cidr } from "../../src/model/cidr.js";
import { DEFAULT_IPAM_CONFIG } from "../../src/model/ipam-config.js";
import { makePool, type UsablePool } from "../../src/model/pool.js";

/** The memory of a world of one pool of sixteen blocks of four addresses, and four nodes. */
export function smallMemory(changes: Partial<AllocatorWorld> = {}): AllocatorMemory {
  return createAllocatorMemory({
    version: 4,
    pools: [makePool({ name: "p", cidr: Cidr.of("10.0.0.0/26"), blockSize: 30 }) as UsablePool],
    nodes: ["a", "b", "c", "d"].map((name) => ({ name, labels: {} })),
    reservations: [],
    config: DEFAULT_IPAM_CONFIG,
    handleCount: 100,
    overflowCount: 100,
    threadCount: 8,
    ...changes,
  });
}
