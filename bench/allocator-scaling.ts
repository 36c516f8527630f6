/**
 * Does an assignment cost more in a larger pool, and how much memory does a large cluster take? One
 * thread, blocks of 128 addresses, from 64 blocks to the 131,072 of a /8 pool: a pair of assignment
 * and release in a node's own block, and an assignment that has to find and claim a block while the
 * first nine tenths of the pool are claimed. Best of the rounds.
 *
 *     npm run bench:allocator-scaling [-- --small]
 */
import { loadavg } from "node:os";
import { createAllocatorMemory } from "../src/allocator/create-memory.js";
import { LockReducedAllocator } from "../src/allocator/lock-reduced.js";
import { Cidr } from "../src/model/cidr.js";
import { DEFAULT_IPAM_CONFIG } from "../src/model/ipam-config.js";
import { makePool, type UsablePool } from "../src/model/pool.js";

const BLOCK_PREFIX = 25;
const NODES_MAX = 5000;
/** Nodes without a block, which claim one and give it up. */
const CLAIMANTS = 16;
const ROUNDS = 3;
const isSmall = process.argv.includes("--small");
const pairs = isSmall ? 1000 : 200_000;
const claims = isSmall ? 5 : 4000;

interface Row {
  readonly nodes: number;
  readonly mebibytes: number;
  readonly pairNs: number;
  readonly claimNs: number;
}

function measure(blocks: number): Row {
  const cidr = Cidr.of(`10.0.0.0/${BLOCK_PREFIX - Math.log2(blocks)}`);
  const nodeCount = Math.min(NODES_MAX, Math.floor(blocks / 8));
  const memory = createAllocatorMemory({
    version: 4,
    pools: [makePool({ name: "p", cidr, blockSize: BLOCK_PREFIX }) as UsablePool],
    nodes: Array.from({ length: nodeCount + CLAIMANTS }, (_, i) => ({
      name: `node-${i}`,
      labels: {},
    })),
    reservations: [],
    config: { ...DEFAULT_IPAM_CONFIG, maxBlocksPerHost: 1e6 },
    handleCount: 2,
    overflowCount: 16,
    threadCount: 1,
  });
  const allocator = new LockReducedAllocator(memory, 1);
  const toClaim = Math.floor(blocks * 0.9);
  for (let i = 0; i < toClaim; i++) allocator.claimBlock(i % nodeCount, i);
  let pairNs = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let i = 0; i < pairs; i++) {
      if (allocator.assign(i % nodeCount, 0, 1, 0) !== 0) throw new Error("no address");
      allocator.releaseByHandle(0);
    }
    pairNs = Math.min(pairNs, ((performance.now() - start) * 1e6) / pairs);
  }
  let claimNs = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    let spentMs = 0;
    for (let i = 0; i < claims; i++) {
      const node = nodeCount + (i % CLAIMANTS);
      const start = performance.now();
      const status = allocator.assign(node, 0, 1, 0);
      spentMs += performance.now() - start;
      if (status !== 0 || allocator.claimedCount !== 1) throw new Error("no claim");
      const block = allocator.claimed[0]!;
      allocator.releaseByHandle(0);
      allocator.releaseBlock(node, block, true);
    }
    claimNs = Math.min(claimNs, (spentMs * 1e6) / claims);
  }
  return { nodes: nodeCount, mebibytes: memory.layout.sizeBytes / 2 ** 20, pairNs, claimNs };
}

console.log("blocks   nodes   shared memory   ns a pair   ns with a claim");
for (const blocks of isSmall ? [64, 256] : [64, 512, 4096, 32_768, 131_072]) {
  const { nodes, mebibytes, pairNs, claimNs } = measure(blocks);
  console.log(
    `${String(blocks).padStart(6)}  ${String(nodes).padStart(6)}  ` +
      `${mebibytes.toFixed(1).padStart(9)} MiB  ${pairNs.toFixed(0).padStart(10)}  ` +
      claimNs.toFixed(0).padStart(11),
  );
}
const rssMebibytes = process.memoryUsage().rss / 2 ** 20;
console.log(
  `process ${rssMebibytes.toFixed(0)} MiB resident at the end; load average ` +
    `${loadavg()[0]!.toFixed(2)}, best of ${ROUNDS}, measured here`,
);
