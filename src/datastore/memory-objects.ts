import type { Entry } from "./response.js";

/**
 * The objects of one kind by key. Calls on one object follow each other (it is read, then written), so
 * the one last looked up is kept at hand, also when there is none.
 */
export class StoredObjects<T> {
  readonly #entries = new Map<string, Entry<T>>();
  #lastKey = "";
  #last: Entry<T> | undefined;

  get(key: string): Entry<T> | undefined {
    if (key !== this.#lastKey) {
      this.#last = this.#entries.get(key);
      this.#lastKey = key;
    }
    return this.#last;
  }

  set(key: string, entry: Entry<T>): void {
    this.#entries.set(key, entry);
    this.#lastKey = key;
    this.#last = entry;
  }

  delete(key: string): void {
    this.#entries.delete(key);
    this.#lastKey = key;
    this.#last = undefined;
  }

  get size(): number {
    return this.#entries.size;
  }

  keys(): Iterable<string> {
    return this.#entries.keys();
  }

  /** The newest versions, in no order that means anything. */
  entries(): Entry<T>[] {
    return [...this.#entries.values()];
  }
}
