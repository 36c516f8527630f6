import type { ExecutorOf } from "../formats/scenario/scenario.js";
import type { Node } from "../model/node.js";
import { PoolViews } from "../protocol/pool-views.js";
import type { Behaviours } from "../releases/behaviours.js";
import { Kernel } from "../simulation/kernel.js";
import type { RandomStreams } from "../simulation/random-streams.js";
import { createExecutor } from "../workload/create-executor.js";
import { type EventBatches, TraceReplay } from "../workload/executors/trace.js";
import type { ClusterNode, PodNetworkEvents } from "../workload/pod-network.js";
import { WorkloadHost } from "../workload/workload-host.js";
import {
  type AllocationFailure,
  CountedAllocator,
  type CountedWorld,
} from "./counted-allocator.js";
import { type AllocationObserver, CountedNetwork } from "./counted-network.js";
import { groupName } from "./node-groups.js";
import { nodeJoinsUs, type PlanCase } from "./plan-case.js";
import { ProtocolWitness } from "./protocol-witness.js";
import type { GroupOutcome, KindOutcome, PoolOutcome, RunOutcome } from "./run-outcome.js";

interface JoiningNode extends Node {
  readonly joinsUs: number;
}

/** The nodes by which a case grows: like those that are there, in turn. */
function joiningNodes(planned: PlanCase): JoiningNode[] {
  const { nodes } = planned.scenario;
  return nodeJoinsUs(planned).map((joinsUs, i) => {
    const number = String(i + 1).padStart(4, "0");
    return { name: `joining-${number}`, labels: nodes[i % nodes.length]!.labels, joinsUs };
  });
}

export interface PlanRunOptions {
  readonly openTrace: (executor: ExecutorOf<"trace">) => EventBatches;
}

/** What all runs of a case share; made once a thread. */
export class PlanRuns {
  readonly #joining: readonly JoiningNode[];
  readonly #poolViews: PoolViews;

  constructor(
    private readonly planned: PlanCase,
    private readonly release: Behaviours,
    private readonly options: PlanRunOptions,
  ) {
    this.#joining = joiningNodes(planned);
    this.#poolViews = new PoolViews(release);
  }

  /**
   * One run, from its first node to the horizon.
   *
   * @param isWitnessed whether Calico's whole protocol runs beside the counts and is compared.
   */
  async run(run: number, random: RandomStreams, isWitnessed = false): Promise<RunOutcome> {
    const { scenario, horizonUs, hasTunnels } = this.planned;
    const { openTrace } = this.options;
    const kernel = new Kernel();
    const countedWorld: CountedWorld = {
      release: this.release,
      pools: scenario.pools,
      config: scenario.ipamConfig,
      reservations: scenario.reservations,
      poolViews: this.#poolViews,
    };
    const witness = isWitnessed ? new ProtocolWitness(countedWorld) : undefined;
    const allocator = witness ?? new CountedAllocator(countedWorld);
    const tally = new Tally(allocator, kernel, horizonUs / 2);
    const createNetwork = (events: PodNetworkEvents) =>
      new CountedNetwork(allocator, kernel, events, tally, hasTunnels);
    const host = new WorkloadHost({ kernel, maxPods: scenario.maxPods, createNetwork });
    const isOneOfSeveral = scenario.workload.length > 1;
    const world = { kernel, host, random, isOneOfSeveral, openTrace };
    const executors = scenario.workload.map((executor, i) => createExecutor(executor, i, world));
    for (const { name, labels } of scenario.nodes) host.joinNode(name, labels);
    for (const { name, labels, joinsUs } of this.#joining) {
      kernel.schedule(joinsUs, { wake: () => host.joinNode(name, labels) });
    }
    for (const executor of executors) {
      if (executor instanceof TraceReplay) await executor.load(Infinity);
      executor.start();
    }
    kernel.run(horizonUs);
    const groups = host.groups.map(({ counts }) => counts);
    return {
      run,
      wanted: groups.reduce((sum, { wanted }) => sum + wanted, 0),
      notStarted: groups.reduce((sum, { notStarted }) => sum + notStarted, 0),
      endUs: kernel.nowUs,
      witness:
        witness === undefined
          ? null
          : { compared: witness.compared, apiRequests: witness.apiRequests },
      ...tally.outcome(),
    };
  }
}

/** Counts what a run comes to. */
class Tally implements AllocationObserver {
  readonly #failures = new Map<string, KindOutcome>();
  readonly #groups = new Map<string, GroupOutcome>();
  readonly #groupOf: GroupOutcome[] = [];
  readonly #secondHalf = { asked: 0, failed: 0 };
  readonly #pools: PoolOutcome[];
  #operations = 0;
  #addressesPeak = 0;
  #blocksPeak = 0;
  #borrowedPeak = 0;
  #routesPeak = 0;
  #freeInBlocksAtPeak = 0;

  constructor(
    private readonly allocator: CountedAllocator,
    private readonly kernel: Kernel,
    private readonly halfTimeUs: number,
  ) {
    this.#pools = allocator.pools.map(() => ({ addressesPeak: 0, blocksPeak: 0 }));
  }

  joined({ labels }: ClusterNode): void {
    const name = groupName(labels);
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = { name, nodes: 0, firstUs: null };
      this.#groups.set(name, group);
    }
    group.nodes++;
    this.#groupOf.push(group);
  }

  assigned(node: ClusterNode, failure: AllocationFailure | undefined): void {
    this.#operations++;
    if (this.kernel.nowUs > this.halfTimeUs) {
      this.#secondHalf.asked++;
      if (failure !== undefined) this.#secondHalf.failed++;
    }
    if (failure !== undefined) this.#fail(node, failure);
    const { allocator } = this;
    const { addresses, blocks, borrowed } = allocator;
    if (blocks > this.#blocksPeak) this.#blocksPeak = blocks;
    if (borrowed > this.#borrowedPeak) this.#borrowedPeak = borrowed;
    if (blocks + borrowed > this.#routesPeak) this.#routesPeak = blocks + borrowed;
    let free = 0;
    for (let i = 0; i < this.#pools.length; i++) {
      const pool = allocator.pools[i]!;
      const outcome = this.#pools[i]!;
      if (pool.held > outcome.addressesPeak) outcome.addressesPeak = pool.held;
      if (pool.claimed > outcome.blocksPeak) outcome.blocksPeak = pool.claimed;
      free += pool.free;
    }
    if (addresses > this.#addressesPeak) {
      this.#addressesPeak = addresses;
      this.#freeInBlocksAtPeak = free;
    }
  }

  released(): void {
    this.#operations++;
  }

  #fail(node: ClusterNode, { kind, text }: AllocationFailure): void {
    const { nowUs } = this.kernel;
    this.#groupOf[node.index]!.firstUs ??= nowUs;
    const known = this.#failures.get(kind);
    if (known !== undefined) known.count++;
    else {
      const first = { kind, count: 1, firstUs: nowUs, text, node: node.name };
      this.#failures.set(kind, first);
    }
  }

  outcome(): Omit<RunOutcome, "run" | "wanted" | "notStarted" | "endUs" | "witness"> {
    return {
      operations: this.#operations,
      failures: [...this.#failures.values()],
      groups: [...this.#groups.values()],
      secondHalf: this.#secondHalf,
      pools: this.#pools,
      addressesPeak: this.#addressesPeak,
      blocksPeak: this.#blocksPeak,
      borrowedPeak: this.#borrowedPeak,
      routesPeak: this.#routesPeak,
      freeInBlocksAtPeak: this.#freeInBlocksAtPeak,
    };
  }
}
