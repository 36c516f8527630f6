import type { ClientProcess } from "../datastore/simulated/client-process.js";
import type { Activity, Kernel } from "../simulation/kernel.js";

/** A process of whatever result. */
export type AnyProcess = ClientProcess<unknown>;

/**
 * Who gets a lock that becomes free.
 *
 * - `arrival`: the one that waits longest is woken, as Linux does since 4.20, where each waiter waits
 *   for the one before it (`__locks_insert_block`, fs/locks.c@v4.20). A newcomer can still come in
 *   before the woken one runs. The recorded bursts have this order.
 * - `random`: any waiter may be the first to run, as when all of them are woken (Linux up to 4.19).
 */
export type WakeUpOrder = "arrival" | "random";

/** How a host's lock behaves. */
export interface HostLockOptions {
  readonly order: WakeUpOrder;
  /** Longest time in microseconds until a woken process runs; drawn anew for each wake-up. */
  readonly wakeUpMaxUs: number;
}

const DEFAULT_HOST_LOCK: HostLockOptions = { order: "arrival", wakeUpMaxUs: 100 };

/**
 * The exclusive `flock` on `/var/run/calico/ipam.lock` that all calico-ipam processes of a node share
 * (`acquireIPAMLockBestEffort`, cni-plugin/pkg/ipamplugin/ipam_plugin.go@v3.28.4). It is gone with the
 * process that holds it.
 */
export class HostLock implements Activity {
  #holder: AnyProcess | null = null;
  #waiters: AnyProcess[] = [];
  #isWaking = false;
  /** Most processes that waited at once. */
  queuePeak = 0;

  constructor(
    private readonly kernel: Kernel,
    private readonly random: () => number,
    private readonly options: HostLockOptions = DEFAULT_HOST_LOCK,
  ) {}

  get holder(): AnyProcess | null {
    return this.#holder;
  }

  get queueLength(): number {
    return this.#waiters.length;
  }

  /** Whether the process has the lock now; otherwise it has to suspend and is woken with the lock. */
  acquire(process: AnyProcess): boolean {
    if (this.#holder === null) {
      this.#holder = process;
      return true;
    }
    const length = this.#waiters.push(process);
    if (length > this.queuePeak) this.queuePeak = length;
    return false;
  }

  release(process: AnyProcess): void {
    if (this.#holder !== process) return;
    this.#holder = null;
    if (this.#waiters.length > 0 && !this.#isWaking) {
      this.#isWaking = true;
      const delayUs = Math.floor(this.random() * this.options.wakeUpMaxUs);
      this.kernel.schedule(this.kernel.nowUs + delayUs, this);
    }
  }

  /** A process is gone, whether it held the lock, waited for it or neither. */
  drop(process: AnyProcess): void {
    if (this.#holder === process) {
      this.release(process);
      return;
    }
    const place = this.#waiters.indexOf(process);
    if (place >= 0) this.#waiters.splice(place, 1);
  }

  /** The woken waiter runs: it takes the lock unless a newcomer was faster. */
  wake(): void {
    this.#isWaking = false;
    if (this.#holder !== null) return;
    const next = this.#takeWaiter();
    if (next === undefined) return;
    this.#holder = next;
    next.wake();
  }

  #takeWaiter(): AnyProcess | undefined {
    if (this.options.order === "arrival" || this.#waiters.length < 2) return this.#waiters.shift();
    const place = Math.floor(this.random() * this.#waiters.length);
    return this.#waiters.splice(place, 1)[0];
  }
}
