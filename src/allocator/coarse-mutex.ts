import { Header } from "./layout.js";
import type { ThreadTable } from "./thread-table.js";

const CONTENDED = 1;
/** Looks at the lock before the thread goes to sleep; Go's mutex spins about as little. */
const SPINS = 100;
/** How long a waiter sleeps before it looks whether the holder is alive. */
const WAIT_MS = 20;

/**
 * A mutex on a shared word, as Linux' futex mutexes: 0 is free; else the holder's number times two,
 * plus one when somebody may be waiting. Waiters sleep in the kernel.
 */
export class CoarseMutex {
  constructor(
    private readonly words: Int32Array,
    private readonly threads: ThreadTable,
    private readonly thread: number,
  ) {}

  /** Takes the lock if it is free. */
  tryLock(): boolean {
    return Atomics.compareExchange(this.words, Header.mutex, 0, this.thread << 1) === 0;
  }

  /**
   * Waits for the lock.
   *
   * @returns most threads seen waiting, this one included.
   * @throws DeadHolder when the holder is dead.
   */
  lockSlowly(): number {
    const { words } = this;
    for (let spin = 0; spin < SPINS; spin++) {
      if (Atomics.load(words, Header.mutex) === 0 && this.tryLock()) return 0;
    }
    let waitersMax = Atomics.add(words, Header.mutexWaiters, 1) + 1;
    try {
      for (;;) {
        const current = Atomics.load(words, Header.mutex);
        if (current === 0) {
          // Others may still be waiting, so the next unlock has to wake one.
          const mine = (this.thread << 1) | CONTENDED;
          if (Atomics.compareExchange(words, Header.mutex, 0, mine) === 0) return waitersMax;
          continue;
        }
        const contended = current | CONTENDED;
        const seen = Atomics.compareExchange(words, Header.mutex, current, contended);
        if (seen !== current) continue;
        if (Atomics.wait(words, Header.mutex, contended, WAIT_MS) === "timed-out") {
          this.threads.checkAlive(contended >> 1, "the coarse lock");
        }
        waitersMax = Math.max(waitersMax, Atomics.load(words, Header.mutexWaiters));
      }
    } finally {
      Atomics.sub(words, Header.mutexWaiters, 1);
    }
  }

  unlock(): void {
    const before = Atomics.exchange(this.words, Header.mutex, 0);
    if ((before & CONTENDED) !== 0) Atomics.notify(this.words, Header.mutex, 1);
  }
}
