import type { MetricFamily, MetricSample } from "../metrics/metric-family.js";
import type { Block } from "../model/block.js";
import type { Allocation } from "./allocation.js";
import type { GarbageCollector } from "./garbage-collector.js";
import { NO_POOL } from "./pool-index.js";

const UNKNOWN_NODE = "unknown_node";
const NO_AFFINITY = "no_affinity";

/** Counts by pool, then node. */
class PoolCounts {
  readonly #counts = new Map<string, Map<string, number>>();

  add(pool: string, node: string, count: number): void {
    const nodes = this.#counts.get(pool) ?? new Map<string, number>();
    this.#counts.set(pool, nodes.set(node, (nodes.get(node) ?? 0) + count));
  }

  /** In order of pool, then node. */
  get samples(): MetricSample[] {
    return inOrder(this.#counts).flatMap(([ippool, nodes]) =>
      inOrder(nodes).map(([node, value]) => ({ labels: { ippool, node }, value })),
    );
  }

  /** Sums over all pools, in order of node. */
  get sums(): MetricSample[] {
    const sums = new Map<string, number>();
    for (const nodes of this.#counts.values()) {
      for (const [node, count] of nodes) sums.set(node, (sums.get(node) ?? 0) + count);
    }
    return byNode(sums);
  }
}

function inOrder<T>(entries: ReadonlyMap<string, T>): (readonly [string, T])[] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
}

function byNode(counts: ReadonlyMap<string, number>): MetricSample[] {
  return inOrder(counts).map(([node, value]) => ({ labels: { node }, value }));
}

interface Gauges {
  readonly inUse: PoolCounts;
  readonly borrowed: PoolCounts;
  readonly blocks: PoolCounts;
  readonly candidates: PoolCounts;
}

/**
 * What kube-controllers publishes of IPAM on port 9094 (`updateMetrics`,
 * kube-controllers/pkg/controllers/node/ipam.go@v3.28.4): names, labels and values. The real one
 * takes gauges anew after each triggered sync only, so call this then (`onMetrics` of the loop); its
 * counter and pool sizes are always current.
 */
export function collectorMetrics(collector: GarbageCollector): MetricFamily[] {
  const gauges = countAll(collector);
  const gauge = (name: string, help: string, samples: MetricSample[]): MetricFamily => {
    return { name, help, type: "gauge", samples };
  };
  const { inUse, borrowed, blocks, candidates } = gauges;
  const legacy = new Map(collector.blocks.countsByNode);
  return [
    gauge("ipam_allocations_in_use", "Addresses in use, by pool and node.", inUse.samples),
    gauge(
      "ipam_allocations_borrowed",
      "Addresses in use from blocks of other nodes or of none.",
      borrowed.samples,
    ),
    gauge("ipam_blocks", "Blocks, by pool and owner.", blocks.samples),
    gauge(
      "ipam_allocations_gc_candidates",
      "Addresses that look leaked, confirmed or not.",
      candidates.samples,
    ),
    {
      name: "ipam_allocations_gc_reclamations",
      help: "Leaked addresses released by garbage collection.",
      type: "counter",
      samples: reclamations(collector),
    },
    gauge("ipam_ippool_size", "Addresses of the pool.", poolSizes(collector)),
    gauge("ipam_allocations_per_node", "Addresses in use, by node.", byNode(legacy)),
    gauge(
      "ipam_allocations_borrowed_per_node",
      "Addresses in use from blocks of other nodes, by node.",
      // Pools' explicit zeros are no part of this older metric.
      borrowed.sums.filter(({ value }) => value > 0),
    ),
    gauge("ipam_blocks_per_node", "Blocks, by owner.", blocks.sums),
  ];
}

function countAll(collector: GarbageCollector): Gauges {
  const gauges: Gauges = {
    inUse: new PoolCounts(),
    borrowed: new PoolCounts(),
    blocks: new PoolCounts(),
    candidates: new PoolCounts(),
  };
  for (const pool of collector.pools.poolsWithBlocks) {
    if (pool === NO_POOL) continue;
    for (const node of collector.nodes) {
      for (const counts of [gauges.inUse, gauges.borrowed, gauges.candidates]) {
        counts.add(pool, node, 0);
      }
    }
  }
  for (const [block, allocations] of collector.blocks.contents()) {
    const pool = collector.pools.poolOf(block.cidr.text);
    const owner = block.affinity?.type === "host" ? block.affinity.host : NO_AFFINITY;
    gauges.blocks.add(pool, owner, 1);
    for (const allocation of allocations) countAllocation(gauges, pool, block, allocation);
  }
  return gauges;
}

function countAllocation(gauges: Gauges, pool: string, block: Block, allocation: Allocation): void {
  const node = allocation.node === "" ? UNKNOWN_NODE : allocation.node;
  gauges.inUse.add(pool, node, 1);
  const owner = block.affinity?.type === "host" ? block.affinity.host : NO_AFFINITY;
  const isBorrowed = node !== UNKNOWN_NODE && (block.affinity === null || node !== owner);
  if (isBorrowed) gauges.borrowed.add(pool, node, 1);
  if (allocation.isCandidate || allocation.isConfirmed) gauges.candidates.add(pool, node, 1);
}

function reclamations({ reclaimed }: GarbageCollector): MetricSample[] {
  const counts = new PoolCounts();
  for (const { node, pool, count } of reclaimed.entries()) {
    counts.add(pool, node === "" ? UNKNOWN_NODE : node, count);
  }
  return counts.samples;
}

function poolSizes({ pools }: GarbageCollector): MetricSample[] {
  const samples: MetricSample[] = [];
  for (const { name, cidr } of pools.pools) {
    if (cidr === undefined) continue;
    const width = cidr.version === 4 ? 32 : 128;
    samples.push({ labels: { ippool: name }, value: 2 ** (width - cidr.prefix) });
  }
  return samples.sort((a, b) => (a.labels["ippool"]! < b.labels["ippool"]! ? -1 : 1));
}
