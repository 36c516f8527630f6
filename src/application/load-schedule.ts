import { Unsupported } from "../failure/failure.js";
import type { Scenario } from "../formats/scenario/scenario.js";
import { Trace } from "../formats/traces/trace.js";
import type { ScheduledOperation, SchedulePlan } from "../load/load-plan.js";
import type { Node } from "../model/node.js";
import { Kernel } from "../simulation/kernel.js";
import { RandomStreams } from "../simulation/random-streams.js";
import { createExecutors } from "../workload/create-executor.js";
import type { ClusterNode, PodNetwork, PodNetworkEvents, PodRef } from "../workload/pod-network.js";
import { WorkloadHost } from "../workload/workload-host.js";
import { runKernel } from "./run-kernel.js";

/** What a scenario's workload asks of the allocators, written down. */
export interface LoadSchedule {
  readonly plan: SchedulePlan;
  /** Every node that was ever there, in the order of joining. */
  readonly nodes: readonly Node[];
}

/** A network that serves every pod at once, and writes down what it was asked for. */
class SchedulingNetwork implements PodNetwork {
  readonly operations: ScheduledOperation[] = [];
  readonly nodes: Node[] = [];
  readonly #pods = new Map<PodRef, number>();
  podCount = 0;

  constructor(
    private readonly kernel: Kernel,
    private readonly speed: number,
    private readonly events: PodNetworkEvents,
  ) {}

  nodeJoined(node: ClusterNode): void {
    this.nodes[node.index] = { name: node.name, labels: node.labels };
    this.events.nodeReady(node);
  }

  nodeLeft(): void {
    // Its blocks and addresses stay, as they do until something collects them.
  }

  addPod(pod: PodRef): void {
    this.#pods.set(pod, this.podCount);
    this.#note(this.podCount++, pod.node.index, true);
    this.events.podReady(pod);
  }

  removePod(pod: PodRef): void {
    const number = this.#pods.get(pod);
    this.#pods.delete(pod);
    if (number !== undefined) this.#note(number, pod.node.index, false);
    this.events.podGone(pod);
  }

  dropPod(pod: PodRef): void {
    // No CNI DEL: the address stays allocated.
    this.#pods.delete(pod);
  }

  #note(pod: number, node: number, isAssignment: boolean): void {
    const timeNs = (this.kernel.nowUs * 1000) / this.speed;
    this.operations.push({ timeNs, pod, node, isAssignment });
  }
}

/**
 * Runs a scenario's workload without any allocator and writes down which pod comes and goes when,
 * and on which node, as if every pod got its addresses at once.
 *
 * @param speed how many times as fast as the scenario says; null is flat out.
 * @throws Unsupported for a scenario that starts from a dump; BadInput for an unreadable trace.
 */
export async function scheduleOf(scenario: Scenario, speed: number | null): Promise<LoadSchedule> {
  if (scenario.initialState !== undefined) {
    throw new Unsupported(`${scenario.file}: initialState in a load run; it starts from nothing`);
  }
  const kernel = new Kernel();
  let network: SchedulingNetwork | undefined;
  const host = new WorkloadHost({
    kernel,
    maxPods: scenario.maxPods,
    createNetwork: (events) => (network = new SchedulingNetwork(kernel, speed ?? 1, events)),
  });
  const random = new RandomStreams(scenario.seed);
  const executors = createExecutors(scenario.workload, {
    kernel,
    host,
    random,
    openTrace: ({ file, format, compress }) => new Trace(file, { format, compress }).events(),
  });
  for (const { name, labels } of scenario.nodes) host.joinNode(name, labels);
  await runKernel(kernel, {
    executors,
    untilUs: scenario.simulation.duration ?? Infinity,
    onTurn: () => Promise.resolve(true),
  });
  const { operations, podCount, nodes } = network!;
  const firstNs = operations[0]?.timeNs ?? 0;
  return {
    nodes,
    plan: {
      kind: "schedule",
      operations: operations.map((each) => ({ ...each, timeNs: each.timeNs - firstNs })),
      podCount,
      isOpenLoop: speed !== null,
    },
  };
}
