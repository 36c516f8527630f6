import type { SimulationResult } from "../formats/result/simulation-result.js";
import { RESULT_VERSION } from "../formats/result/simulation-result.js";
import { type Block, freeCount } from "../model/block.js";
import type { UsablePool } from "../model/pool.js";
import { ReservedAddresses } from "../model/reservation.js";
import { countHandleLeaks } from "../simulation/checks/state-check.js";
import type { ChurnRun, ChurnWorld } from "../simulation/churn-run.js";

/** What a result says besides what was counted. */
export type ResultHeader = Pick<
  SimulationResult,
  | "scenario"
  | "release"
  | "simulation"
  | "completed"
  | "workload"
  | "pods"
  | "timeUs"
  | "initialState"
  | "fingerprint"
  | "provenance"
  | "cluster"
> & { readonly version: string };

/** What a model has counted, and the state that it ended in. */
export type MeasuredRun = Pick<
  ChurnRun,
  "measures" | "datastore" | "ledger" | "operations" | "addressesInUse" | "borrowedInUse" | "counts"
>;

export const ALLOCATOR_PROVENANCE =
  "computed: every decision of Calico's allocator, one operation after the other; no latencies, no " +
  "conflicts between clients, nothing of the node around the allocator";

interface BlockFigures {
  empty: number;
  full: number;
  withoutOwner: number;
  free: number;
  stranded: number;
}

/** Whether some node in need may take a free address of the block. */
function isReachable(block: Block, world: ChurnWorld, needy: ReadonlySet<string>): boolean {
  if (!world.config.strictAffinity) return true;
  return block.affinity !== null && needy.has(block.affinity.host);
}

function measureBlocks(run: MeasuredRun, world: ChurnWorld): BlockFigures {
  const reserved = ReservedAddresses.read(world.reservations);
  const reservedSet = reserved instanceof ReservedAddresses ? reserved : ReservedAddresses.none;
  const needy = new Set([...run.ledger.needyNodes].map((index) => run.ledger.nameOf(index)));
  const figures: BlockFigures = { empty: 0, full: 0, withoutOwner: 0, free: 0, stranded: 0 };
  for (const { value: block } of run.datastore.blocks) {
    const free = block.unallocated.length;
    if (block.allocatedCount === 0) figures.empty++;
    if (free === 0) figures.full++;
    if (block.affinity === null) figures.withoutOwner++;
    figures.free += free;
    const usable = isReachable(block, world, needy) ? freeCount(block, reservedSet) : 0;
    figures.stranded += free - usable;
  }
  return figures;
}

function measurePools(run: MeasuredRun, pools: readonly UsablePool[]): SimulationResult["pools"] {
  const figures = pools.map(({ name, cidr, blockSize }) => ({
    name,
    cidr: cidr.text,
    capacity: cidr.size,
    blocks: 2 ** Math.max(0, blockSize - cidr.prefix),
    blocksClaimed: 0,
    addressesInUse: 0,
  }));
  for (const { value: block } of run.datastore.blocks) {
    const index = pools.findIndex(({ cidr }) => cidr.covers(block.cidr));
    if (index < 0) continue;
    figures[index]!.blocksClaimed++;
    figures[index]!.addressesInUse += block.allocatedCount;
  }
  return figures;
}

interface Extreme {
  readonly node: string;
  readonly value: number;
}

/** The nodes with the highest and the lowest value; of equals the first. */
function extremes(names: readonly string[], values: ArrayLike<number>): [Extreme, Extreme] | null {
  if (names.length === 0) return null;
  let most = 0;
  let fewest = 0;
  for (let i = 1; i < names.length; i++) {
    if (values[i]! > values[most]!) most = i;
    if (values[i]! < values[fewest]!) fewest = i;
  }
  return [
    { node: names[most]!, value: values[most]! },
    { node: names[fewest]!, value: values[fewest]! },
  ];
}

function measureNodes(run: MeasuredRun): SimulationResult["nodes"] {
  const names = run.ledger.nodes.map(({ name }) => name);
  const blocksByName = new Map<string, number>();
  for (const { value: block } of run.datastore.blocks) {
    const host = block.affinity?.host;
    if (host !== undefined) blocksByName.set(host, (blocksByName.get(host) ?? 0) + 1);
  }
  const pods = extremes(names, run.ledger.podsByNodePeak);
  const blocks = extremes(
    names,
    names.map((name) => blocksByName.get(name) ?? 0),
  );
  const asPods = (extreme: Extreme | undefined) =>
    extreme === undefined ? null : { node: extreme.node, peak: extreme.value };
  const asBlocks = (extreme: Extreme | undefined) =>
    extreme === undefined ? null : { node: extreme.node, blocks: extreme.value };
  return {
    count: names.length,
    used: run.ledger.podsByNodePeak.reduce((used, peak) => used + (peak > 0 ? 1 : 0), 0),
    needy: run.ledger.needyNodes.size,
    withoutBlock: names.filter(
      (name, i) => run.ledger.podsByNode[i]! > 0 && !blocksByName.has(name),
    ).length,
    mostPods: asPods(pods?.[0]),
    fewestPods: asPods(pods?.[1]),
    mostBlocks: asBlocks(blocks?.[0]),
    fewestBlocks: asBlocks(blocks?.[1]),
  };
}

/** The result document of a run, a pure function of what the run has counted. */
export function churnResult(
  run: MeasuredRun,
  world: ChurnWorld,
  header: ResultHeader,
): SimulationResult {
  const { measures } = run;
  const { version, ...described } = header;
  const blocks = measureBlocks(run, world);
  const asked = measures.assigned + measures.assignFailed;
  const failures = [...measures.failures.values()].sort(
    (a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1),
  );
  return {
    ipamlab: { document: "simulation", documentVersion: RESULT_VERSION, version },
    ...described,
    thresholds: [],
    operations: {
      total: run.operations,
      assignments: {
        asked,
        succeeded: measures.assigned,
        failed: measures.assignFailed,
        successRatio: asked === 0 ? null : measures.assigned / asked,
      },
      failures,
      releases: { done: measures.released, withoutAddress: measures.releasedNothing },
    },
    addresses: {
      final: run.addressesInUse,
      peak: measures.addressesPeak,
      series: measures.addresses.points(),
      reuseUs: measures.reuse.summary(),
    },
    borrowed: {
      final: run.borrowedInUse,
      peak: measures.borrowedPeak,
      ever: measures.borrowedEver,
      series: measures.borrowed.points(),
    },
    blocks: {
      final: run.datastore.blockCount,
      peak: measures.blocksPeak,
      series: measures.blocks.points(),
      empty: blocks.empty,
      full: blocks.full,
      withoutOwner: blocks.withoutOwner,
      freeAddresses: blocks.free,
      strandedAddresses: blocks.stranded,
    },
    leaks: {
      addresses: measures.leakedAddresses,
      handles: countHandleLeaks(run.datastore).overstated,
    },
    pools: measurePools(run, world.pools),
    nodes: measureNodes(run),
    datastoreCalls: {
      total: measures.assignCalls.sum + measures.releaseCalls.sum,
      perAssignment: measures.assignCalls.summary(),
      perRelease: measures.releaseCalls.summary(),
      byCall: run.counts.byCall(),
    },
  };
}
