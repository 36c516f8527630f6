import type { Kernel } from "../simulation/kernel.js";
import type { ClusterNode } from "../workload/pod-network.js";
import type { AllocationFailure } from "./allocation-failure.js";
import type { CountedAllocator } from "./counted-allocator.js";
import type { AllocationObserver } from "./counted-network.js";
import { FailureTally } from "./failure-tally.js";
import type { PoolOutcome, RunOutcome } from "./run-outcome.js";

/** Counts what a run comes to. */
export class RunTally implements AllocationObserver {
  readonly #failures: FailureTally;
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
    kernel: Kernel,
    halfTimeUs: number,
  ) {
    this.#failures = new FailureTally(kernel, halfTimeUs);
    this.#pools = allocator.pools.map(() => ({ addressesPeak: 0, blocksPeak: 0 }));
  }

  joined({ labels }: ClusterNode): void {
    this.#failures.joined(labels);
  }

  assigned(node: ClusterNode, failure: AllocationFailure | undefined): void {
    this.#operations++;
    this.#failures.assigned(node, failure);
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

  outcome(): Omit<
    RunOutcome,
    "run" | "wanted" | "notStarted" | "endUs" | "witness" | "apiRequests"
  > {
    return {
      operations: this.#operations,
      releases: this.#releases,
      ...this.#failures.outcome(),
      pools: this.#pools,
      addressesPeak: this.#addressesPeak,
      blocksPeak: this.#blocksPeak,
      borrowedPeak: this.#borrowedPeak,
      routesPeak: this.#routesPeak,
      freeInBlocksAtPeak: this.#freeInBlocksAtPeak,
    };
  }
}
