const FIRST_DELAY_NS = 5_000_000n;
const DELAY_MAX_NS = 30_000_000_000n;
const BUCKET_SIZE = 100;
const REFILL_PER_SECOND = 10;

/**
 * How long the collector waits before it cleans up a node: per node 5 ms, doubled with every try until
 * one succeeds, at most 30 s; and a bucket of 100 tries for all of them, refilled with 10 a second.
 * The longer of both counts (`kube-controllers/pkg/controllers/node/ipam.go@v3.28.4`).
 */
export class RetryLimiter {
  readonly #tries = new Map<string, bigint>();
  #tokens = BUCKET_SIZE;
  #refilledNs: bigint | undefined;

  /** Milliseconds to wait before this try, which counts from now on. */
  delayMs(node: string, nowNs: bigint): number {
    return Math.max(this.#ownDelayMs(node), this.#sharedDelayMs(nowNs));
  }

  /** A try succeeded: the next one of this node waits the shortest time. */
  reset(node: string): void {
    this.#tries.delete(node);
  }

  #ownDelayMs(node: string): number {
    const tries = this.#tries.get(node) ?? 0n;
    this.#tries.set(node, tries + 1n);
    const delayNs = FIRST_DELAY_NS << (tries < 20n ? tries : 20n);
    return Number(delayNs < DELAY_MAX_NS ? delayNs : DELAY_MAX_NS) / 1e6;
  }

  #sharedDelayMs(nowNs: bigint): number {
    const elapsedSeconds = Number(nowNs - (this.#refilledNs ?? nowNs)) / 1e9;
    this.#refilledNs = nowNs;
    this.#tokens = Math.min(BUCKET_SIZE, this.#tokens + elapsedSeconds * REFILL_PER_SECOND) - 1;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / REFILL_PER_SECOND) * 1000;
  }
}
