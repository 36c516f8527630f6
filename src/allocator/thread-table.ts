import { EnvironmentError } from "../failure/failure.js";
import { type AllocatorLayout, threadWord } from "./layout.js";

const ThreadState = { unused: 0, running: 1, finished: 2, dead: 3 } as const;

/** A thread that died holds what this thread waits for. */
export class DeadHolder extends EnvironmentError {
  constructor(
    /** Number of the dead thread; threads count from 1. */
    readonly thread: number,
    /** What it holds. */
    readonly held: string,
  ) {
    super(`thread ${thread} died holding ${held}`);
  }
}

/**
 * Which threads are alive. A thread enters and leaves itself; whoever started it marks it dead when
 * it ended without leaving. Waiting threads look here now and then, so nobody waits for the dead.
 */
export class ThreadTable {
  constructor(
    private readonly words: Int32Array,
    private readonly layout: AllocatorLayout,
  ) {}

  enter(thread: number): void {
    Atomics.store(this.words, threadWord(this.layout, thread), ThreadState.running);
  }

  leave(thread: number): void {
    Atomics.store(this.words, threadWord(this.layout, thread), ThreadState.finished);
  }

  /** Marks a thread dead unless it has left. */
  markDead(thread: number): void {
    const word = threadWord(this.layout, thread);
    Atomics.compareExchange(this.words, word, ThreadState.running, ThreadState.dead);
  }

  /** @throws DeadHolder when that thread is dead. */
  checkAlive(thread: number, held: string): void {
    const word = threadWord(this.layout, thread);
    if (Atomics.load(this.words, word) === ThreadState.dead) throw new DeadHolder(thread, held);
  }
}
