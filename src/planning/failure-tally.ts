import type { Kernel } from "../simulation/kernel.js";
import type { ClusterNode } from "../workload/pod-network.js";
import type { AllocationFailure } from "./allocation-failure.js";
import { groupName } from "./node-groups.js";
import type { GroupOutcome, KindOutcome, RunOutcome } from "./run-outcome.js";

/** Counts the requests for addresses of a run that fail: by kind, by group of nodes, and when. */
export class FailureTally {
  readonly #failures = new Map<string, KindOutcome>();
  readonly #groups = new Map<string, GroupOutcome>();
  readonly #groupOf: GroupOutcome[] = [];
  readonly #secondHalf = { asked: 0, failed: 0 };

  constructor(
    private readonly kernel: Kernel,
    private readonly halfTimeUs: number,
  ) {}

  /** To be called in the order of the nodes' indices. */
  joined(labels: ClusterNode["labels"]): void {
    const name = groupName(labels);
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = { name, nodes: 0, firstUs: null };
      this.#groups.set(name, group);
    }
    group.nodes++;
    this.#groupOf.push(group);
  }

  /** A request has been answered. */
  assigned(node: ClusterNode, failure: AllocationFailure | undefined): void {
    if (this.kernel.nowUs > this.halfTimeUs) {
      this.#secondHalf.asked++;
      if (failure !== undefined) this.#secondHalf.failed++;
    }
    if (failure !== undefined) this.#fail(node, failure);
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

  outcome(): Pick<RunOutcome, "failures" | "groups" | "secondHalf"> {
    return {
      failures: [...this.#failures.values()],
      groups: [...this.#groups.values()],
      secondHalf: this.#secondHalf,
    };
  }
}
