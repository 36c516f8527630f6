import type { ExecutorOf, InitialPods } from "../formats/scenario/scenario.js";
import { Cidr } from "../model/cidr.js";
import { PoolViews } from "../protocol/pool-views.js";
import type { Behaviours } from "../releases/behaviours.js";
import { Kernel } from "../simulation/kernel.js";
import type { RandomStreams } from "../simulation/random-streams.js";
import { createExecutors } from "../workload/create-executor.js";
import type { ExecutorRun } from "../workload/executor-run.js";
import { type EventBatches, TraceReplay } from "../workload/executors/trace.js";
import type { ClusterNode, PodNetworkEvents } from "../workload/pod-network.js";
import { noCounts } from "../workload/group-counts.js";
import { createDurationSampler } from "../workload/lifetime.js";
import { WorkloadHost } from "../workload/workload-host.js";
import type { AllocationFailure } from "./allocation-failure.js";
import { CountedAllocator, type CountedWorld } from "./counted-allocator.js";
import { type AllocationObserver, CountedNetwork } from "./counted-network.js";
import { FOREIGN_OWNER, NO_OWNER } from "./counted-pool.js";
import type { InitialClaims } from "./initial-claims.js";
import { type JoiningNode, joiningNodes, type PlanCase } from "./plan-case.js";
import { ProtocolWitness } from "./protocol-witness.js";
import type { SplitStreams } from "./split-streams.js";
import type { RunOutcome } from "./run-outcome.js";
import { RunTally } from "./run-tally.js";

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
   * @param isWitnessed whether Calico's whole protocol runs beside the counts and is compared; such a
   *   run ends after a number of decisions.
   */
  async run(run: number, random: RandomStreams, isWitnessed = false): Promise<RunOutcome> {
    const world = this.#countedWorld();
    const witness = isWitnessed ? new ProtocolWitness(world) : undefined;
    const allocator = witness ?? new CountedAllocator(world);
    const kernel = new Kernel();
    const tally = new RunTally(allocator, kernel, this.planned.horizonUs / 2);
    const { host, executors } = this.#begin(kernel, allocator, tally, random);
    tally.measure();
    for (const executor of executors) {
      if (executor instanceof TraceReplay) await executor.load(Infinity);
      executor.start();
    }
    if (witness === undefined) kernel.run(this.planned.horizonUs);
    else runWitnessed(kernel, witness, this.planned.horizonUs);
    const groups = host.groups.map(({ counts }) => counts);
    return {
      run,
      wanted: groups.reduce((sum, { wanted }) => sum + wanted, 0),
      notStarted: groups.reduce((sum, { notStarted }) => sum + notStarted, 0),
      endUs: kernel.nowUs,
      witness: witness === undefined ? null : witness.cost,
      apiRequests: null,
      ...tally.outcome(),
    };
  }

  /**
   * One run up to the request for an address at which it comes as near to its first failure as the
   * level says (1 is the failure itself).
   *
   * @returns the number of that request, from 1, or undefined when it never came so near; and how near
   *   it came up to there.
   */
  approach(
    random: SplitStreams,
    level: number,
  ): { readonly peak: number; readonly reachedAt: number | undefined } {
    const allocator = new CountedAllocator(this.#countedWorld());
    const residuals = random.stream("residuals");
    const watch = new NearnessWatch(allocator, random, level);
    const kernel = new Kernel();
    const { host, executors } = this.#begin(kernel, allocator, watch, random);
    watch.onSplit = () => host.renewLifetimes(residuals);
    for (const executor of executors) executor.start();
    let isDone = false;
    while (!isDone && watch.reachedAt === undefined) {
      isDone = kernel.run(this.planned.horizonUs, WAKES_A_LOOK);
    }
    return watch;
  }

  #countedWorld(): CountedWorld {
    const { pools, ipamConfig: config, reservations } = this.planned.scenario;
    return { release: this.release, pools, config, reservations, poolViews: this.#poolViews };
  }

  /** Makes a run ready: its nodes have joined, its executors are to be started. */
  #begin(
    kernel: Kernel,
    allocator: CountedAllocator,
    observer: AllocationObserver,
    random: RandomStreams,
  ): { readonly host: WorkloadHost; readonly executors: readonly ExecutorRun[] } {
    const { scenario, hasTunnels, isBorrowingFailure, initial } = this.planned;
    // In a cluster that is there, the nodes have their tunnels' addresses.
    const first = initial === null ? 0 : scenario.nodes.length;
    const rules = { tunnelsFrom: hasTunnels ? first : Infinity, isBorrowingFailure };
    const createNetwork = (events: PodNetworkEvents) =>
      new CountedNetwork(allocator, kernel, events, observer, rules);
    const host = new WorkloadHost({ kernel, maxPods: scenario.maxPods, createNetwork });
    const world = { kernel, host, random, openTrace: this.options.openTrace };
    const executors = createExecutors(scenario.workload, world);
    const nodes = scenario.nodes.map(({ name, labels }) => host.joinNode(name, labels));
    if (initial !== null) {
      const rulesOfPods = scenario.initialState?.pods ?? [];
      beginWith(initial, rulesOfPods, { allocator, host, nodes, random });
    }
    for (const { name, labels, joinsUs } of this.#joining) {
      kernel.schedule(joinsUs, { wake: () => host.joinNode(name, labels) });
    }
    return { host, executors };
  }
}

/** Puts what the cluster has into a run that has not begun. */
function beginWith(
  { blocks, pods }: InitialClaims,
  rules: readonly InitialPods[],
  world: {
    readonly allocator: CountedAllocator;
    readonly host: WorkloadHost;
    readonly nodes: readonly ClusterNode[];
    readonly random: RandomStreams;
  },
): void {
  const { allocator, host, nodes, random } = world;
  const byName = new Map(nodes.map((node) => [node.name, node]));
  for (const { cidr, host: owner, held, claimTimeSeconds } of blocks) {
    const index = owner === null ? NO_OWNER : (byName.get(owner)?.index ?? FOREIGN_OWNER);
    allocator.adoptBlock(Cidr.of(cidr), index, held, claimTimeSeconds);
  }
  const samplers = rules.map(({ lifetime }, i) =>
    createDurationSampler(lifetime, random.stream(`initial-state/${i}`)),
  );
  const owner = { name: "initial-state", namespace: "", counts: noCounts(), listener: {} };
  const owners = rules.map(({ lifetime }) => ({ ...owner, lifetime }));
  for (const { name, node: nodeName, blocks: held, rule } of pods) {
    const node = byName.get(nodeName);
    if (node === undefined) continue;
    const lifetimeUs = samplers[rule]?.() ?? Infinity;
    const blocks = held.map((cidr) => Cidr.of(cidr));
    const identity = { namespace: "", name };
    const claimed = { identity, handle: "", addresses: [], blocks };
    // A colon is in no name of the workload's own pods.
    host.adopt(owners[rule] ?? owner, { name: `initial:${name}`, node, lifetimeUs }, claimed);
  }
}

/** Wakes between two looks at whether a run has come near enough. */
const WAKES_A_LOOK = 64;

/**
 * A run beside Calico's whole protocol, which is slow, ends after so many decisions; later, to a
 * limit, where it begins with so much that hardly a pod has gone by then, for releases have their own
 * cost.
 */
const WITNESSED_DECISIONS = 20_000;
const WITNESSED_DECISIONS_MAX = 60_000;
const WITNESSED_RELEASES = 1000;

function runWitnessed(kernel: Kernel, witness: ProtocolWitness, horizonUs: number): void {
  let isDone = false;
  const { cost } = witness;
  const isEnough = () =>
    cost.compared >= WITNESSED_DECISIONS_MAX ||
    (cost.compared >= WITNESSED_DECISIONS && cost.releases >= WITNESSED_RELEASES);
  while (!isDone && !isEnough()) isDone = kernel.run(horizonUs, WAKES_A_LOOK);
}

/** Watches how near a run comes to its first failure, and splits it where it is to be split. */
class NearnessWatch implements AllocationObserver {
  peak = 0;
  reachedAt: number | undefined;
  #asked = 0;

  constructor(
    private readonly allocator: CountedAllocator,
    private readonly random: SplitStreams,
    private readonly level: number,
  ) {}

  /** Lets what is not decided yet be drawn anew, so that continued runs part at once. */
  onSplit = (): void => {
    // Before there are pods, all is open: nodes ask for their tunnels' addresses.
  };

  joined(): void {
    // A node alone is no nearer to anything.
  }

  assigned({ index }: ClusterNode, failure: AllocationFailure | undefined): void {
    if (this.reachedAt !== undefined) return;
    this.#asked++;
    const nearness = failure !== undefined ? 1 : this.allocator.nearness(index);
    if (nearness > this.peak) this.peak = nearness;
    if (nearness >= this.level) {
      this.reachedAt = this.#asked;
    } else if (this.#asked === this.random.nextSplit) {
      this.random.split();
      this.onSplit();
    }
  }

  released(): void {
    // A pod that goes brings no run nearer.
  }
}
