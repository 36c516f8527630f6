import { createClusterModel } from "../application/cluster-model.js";
import type { ModelRun } from "../application/model-run.js";
import { runKernel } from "../application/run-kernel.js";
import type { UsablePool } from "../model/pool.js";
import type { Behaviours } from "../releases/behaviours.js";
import { Kernel } from "../simulation/kernel.js";
import type { RandomStreams } from "../simulation/random-streams.js";
import { createExecutors } from "../workload/create-executor.js";
import type { ClusterNode, PodNetworkEvents, PodRef } from "../workload/pod-network.js";
import { WorkloadHost } from "../workload/workload-host.js";
import { failureOf } from "./allocation-failure.js";
import { FailureTally } from "./failure-tally.js";
import { joiningNodes, type PlanCase } from "./plan-case.js";
import type { PlanRunOptions } from "./plan-run.js";
import type { PoolOutcome, RunOutcome } from "./run-outcome.js";

/**
 * The runs of a case whose scenario has `model: cluster`: kubelets, plugin, locks, client limits and a
 * datastore that takes time. Slow beside {@link PlanRuns}, and the only ones in which an ADD may run
 * out of time. A kubelet tries again after a failed ADD, and each attempt is a request.
 */
export class ClusterRuns {
  constructor(
    private readonly planned: PlanCase,
    private readonly release: Behaviours,
    private readonly options: PlanRunOptions,
  ) {}

  /** One run, from its first node to the horizon. */
  async run(run: number, random: RandomStreams): Promise<RunOutcome> {
    const { scenario, horizonUs } = this.planned;
    const kernel = new Kernel();
    const tally = new FailureTally(kernel, horizonUs / 2);
    const model = createClusterModel(scenario, this.release, { kernel, random }, undefined);
    const createNetwork = (events: PodNetworkEvents) =>
      model.createNetwork(new TalliedEvents(events, tally));
    const host = new WorkloadHost({ kernel, maxPods: scenario.maxPods, createNetwork });
    const world = { kernel, host, random, openTrace: this.options.openTrace };
    const executors = createExecutors(scenario.workload, world);
    const join = (name: string, labels: ClusterNode["labels"]) => {
      // The node may be ready, and even have pods, before the host has returned it.
      tally.joined(labels);
      host.joinNode(name, labels);
    };
    for (const { name, labels } of scenario.nodes) join(name, labels);
    for (const { name, labels, joinsUs } of joiningNodes(this.planned)) {
      kernel.schedule(joinsUs, { wake: () => join(name, labels) });
    }
    const state = new StateSamples(scenario.pools);
    await runKernel(kernel, {
      executors,
      untilUs: horizonUs,
      onTurn: () => {
        state.sample(model);
        return Promise.resolve(true);
      },
    });
    model.check();
    const { measures } = model.figures;
    const groups = host.groups.map(({ counts }) => counts);
    return {
      run,
      operations: model.figures.operations,
      releases: measures.released,
      wanted: groups.reduce((sum, { wanted }) => sum + wanted, 0),
      notStarted: groups.reduce((sum, { notStarted }) => sum + notStarted, 0),
      endUs: kernel.nowUs,
      witness: null,
      apiRequests: model.requests,
      ...tally.outcome(),
      pools: state.pools,
      addressesPeak: measures.addressesPeak,
      blocksPeak: measures.blocksPeak,
      borrowedPeak: measures.borrowedPeak,
      routesPeak: state.routesPeak,
      freeInBlocksAtPeak: state.freeInBlocksAtPeak,
    };
  }
}

/** Counts the answers of a network before the workload hears them. */
class TalliedEvents implements PodNetworkEvents {
  constructor(
    private readonly events: PodNetworkEvents,
    private readonly tally: FailureTally,
  ) {}

  nodeReady(node: ClusterNode): void {
    this.events.nodeReady(node);
  }

  podReady(pod: PodRef): void {
    this.tally.assigned(pod.node, undefined);
    this.events.podReady(pod);
  }

  podFailed(pod: PodRef, reason: string, isFinal: boolean): void {
    this.tally.assigned(pod.node, failureOf(reason));
    this.events.podFailed(pod, reason, isFinal);
  }

  podGone(pod: PodRef): void {
    this.events.podGone(pod);
  }
}

/** What the blocks held when they were looked at, every few thousand events. */
class StateSamples {
  readonly pools: PoolOutcome[];
  routesPeak = 0;
  freeInBlocksAtPeak = 0;
  #addressesPeak = 0;
  readonly #byName: readonly UsablePool[];

  /** @param pools in order of names. */
  constructor(pools: readonly UsablePool[]) {
    this.#byName = pools.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    this.pools = pools.map(() => ({ addressesPeak: 0, blocksPeak: 0 }));
  }

  sample({ datastore, figures }: ModelRun): void {
    const addresses = this.pools.map(() => 0);
    const blocks = this.pools.map(() => 0);
    let free = 0;
    let all = 0;
    for (const { value: block } of datastore.blocks) {
      const pool = this.#byName.findIndex(({ cidr }) => cidr.covers(block.cidr));
      free += block.unallocated.length;
      all += block.allocatedCount;
      if (pool < 0) continue;
      addresses[pool]! += block.allocatedCount;
      blocks[pool]!++;
    }
    for (const [i, outcome] of this.pools.entries()) {
      outcome.addressesPeak = Math.max(outcome.addressesPeak, addresses[i]!);
      outcome.blocksPeak = Math.max(outcome.blocksPeak, blocks[i]!);
    }
    this.routesPeak = Math.max(this.routesPeak, datastore.blockCount + figures.borrowedInUse);
    if (all > this.#addressesPeak) {
      this.#addressesPeak = all;
      this.freeInBlocksAtPeak = free;
    }
  }
}
