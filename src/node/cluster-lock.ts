import type { SharedLock } from "../datastore/simulated/client-process.js";
import type { AnyProcess } from "./host-lock.js";

/**
 * The one allocation lock of the whole cluster in the `pre-3.28.4` profile, which models a write-up and
 * not Calico's code: held over each operation's whole read-modify-write, given in order of arrival. Handing
 * it over costs nothing.
 */
export class ClusterLock implements SharedLock {
  #holder: AnyProcess | null = null;
  readonly #waiters = new Set<AnyProcess>();
  /** Most processes that waited at once. */
  queuePeak = 0;

  acquire(process: AnyProcess): boolean {
    if (this.#holder === null) {
      this.#holder = process;
      return true;
    }
    this.#waiters.add(process);
    if (this.#waiters.size > this.queuePeak) this.queuePeak = this.#waiters.size;
    return false;
  }

  release(process: AnyProcess): void {
    if (this.#holder !== process) return;
    const [next = null] = this.#waiters;
    this.#holder = next;
    if (next === null) return;
    this.#waiters.delete(next);
    next.resume(0);
  }

  /** A process is gone, whether it held the lock, waited for it or neither. */
  drop(process: AnyProcess): void {
    if (this.#holder === process) this.release(process);
    else this.#waiters.delete(process);
  }
}
