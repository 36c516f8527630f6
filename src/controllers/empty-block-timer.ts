/** Since when blocks have been seen empty, and whether that is long enough to give them up. */
export class EmptyBlockTimer {
  readonly #sinceNs = new Map<string, bigint>();

  /** @param graceNs unset or 0: no block is ever given up. */
  constructor(private readonly graceNs: bigint | undefined) {}

  /** Notes that the block is empty; true once that was noted for more than the grace period. */
  markEmpty(cidr: string, nowNs: bigint): boolean {
    if (this.graceNs === undefined || this.graceNs === 0n) return false;
    const since = this.#sinceNs.get(cidr);
    if (since === undefined) {
      this.#sinceNs.set(cidr, nowNs);
      return false;
    }
    return nowNs - since > this.graceNs;
  }

  forget(cidr: string): void {
    this.#sinceNs.delete(cidr);
  }
}
