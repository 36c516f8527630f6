import { DueQueue } from "../simulation/due-queue.js";
import type { Activity, Kernel } from "../simulation/kernel.js";

/** Something that is stopped when its time is up, unless it is over before. */
export interface Limited {
  readonly isOver: boolean;
}

/**
 * Stops what runs longer than a limit that is the same for all. One wake of the kernel is pending at a
 * time, however many there are to watch.
 */
export class TimeLimits<T extends Limited> implements Activity {
  readonly #queue = new DueQueue<T>();
  #isScheduled = false;

  constructor(
    private readonly kernel: Kernel,
    private readonly limitUs: number,
    private readonly stop: (item: T) => void,
  ) {}

  /** Watches something that starts now. */
  watch(item: T): void {
    const dueUs = this.kernel.nowUs + this.limitUs;
    this.#queue.push(item, dueUs);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.kernel.schedule(dueUs, this);
  }

  wake(): void {
    const queue = this.#queue;
    while (queue.length > 0) {
      if (!queue.first.isOver && queue.firstDueUs > this.kernel.nowUs) break;
      const item = queue.shift();
      if (!item.isOver) this.stop(item);
    }
    this.#isScheduled = queue.length > 0;
    if (this.#isScheduled) this.kernel.schedule(queue.firstDueUs, this);
  }
}
