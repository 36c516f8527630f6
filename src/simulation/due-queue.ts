/** Items that have gone and are kept before they are dropped together. */
const GONE_MAX = 1024;

/**
 * Items that fall due in the order in which they were added: first in, first out. What has gone is let
 * go of, also from a queue that is never empty.
 */
export class DueQueue<T> {
  #items: T[] = [];
  #dueUs: number[] = [];
  #gone = 0;

  get length(): number {
    return this.#items.length - this.#gone;
  }

  /** The item that is due first. The queue must not be empty. */
  get first(): T {
    return this.#items[this.#gone]!;
  }

  /** When the first item is due, in microseconds of the simulation. The queue must not be empty. */
  get firstDueUs(): number {
    return this.#dueUs[this.#gone]!;
  }

  /** @param dueUs not before that of any item in the queue. */
  push(item: T, dueUs: number): void {
    this.#items.push(item);
    this.#dueUs.push(dueUs);
  }

  /** Takes the first item out. The queue must not be empty. */
  shift(): T {
    const item = this.first;
    this.#gone++;
    if (this.#gone > GONE_MAX || this.length === 0) {
      this.#items = this.#items.slice(this.#gone);
      this.#dueUs = this.#dueUs.slice(this.#gone);
      this.#gone = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#dueUs = [];
    this.#gone = 0;
  }
}
