import type { Kernel } from "../simulation/kernel.js";
import type { ClusterNode } from "../workload/pod-network.js";
import type { AllocationFailure } from "./allocation-failure.js";
import type { CountedAllocator } from "./counted-allocator.js";
import type { AllocationObserver } from "./counted-network.js";
import { groupName } from "./node-groups.js";
import type { GroupOutcome, KindOutcome, PoolOutcome, RunOutcome } from "./run-outcome.js";

/** Counts what a run comes to. */
export class RunTally implements AllocationObserver {
  readonly #failures = new Map<string, KindOutcome>();
  readonly #groups = new Map<string, GroupOutcome>();
  readonly #groupOf: GroupOutcome[] = [];
  readonly #secondHalf = { asked: 0, failed: 0 };
  readonly #pools: PoolOutcome[];
  #operations = 0;
  #releases = 0;
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
    this.measure();
  }

  /** Looks at what is taken now; to be called when a run has begun with something. */
  measure(): void {
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
    this.#releases++;
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
      releases: this.#releases,
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
