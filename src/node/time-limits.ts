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
  #queue: { readonly item: T; readonly dueUs: number }[] = [];
  #first = 0;
  #isScheduled = false;

  constructor(
    private readonly kernel: Kernel,
    private readonly limitUs: number,
    private readonly stop: (item: T) => void,
  ) {}

  /** Watches something that starts now. */
  watch(item: T): void {
    const dueUs = this.kernel.nowUs + this.limitUs;
    this.#queue.push({ item, dueUs });
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.kernel.schedule(dueUs, this);
  }

  wake(): void {
    while (this.#first < this.#queue.length) {
      const { item, dueUs } = this.#queue[this.#first]!;
      if (!item.isOver && dueUs > this.kernel.nowUs) break;
      this.#first++;
      if (!item.isOver) this.stop(item);
    }
    if (this.#first > 1024 || this.#first === this.#queue.length) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
    this.#isScheduled = this.#queue.length > 0;
    if (this.#isScheduled) this.kernel.schedule(this.#queue[this.#first]!.dueUs, this);
  }
}
