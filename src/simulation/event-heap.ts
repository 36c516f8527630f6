import type { Activity } from "./activity.js";

const FANOUT = 4;
const FIRST_CAPACITY = 256;

/**
 * What waits for its time, the earliest first, and among equal times the one of the lowest number. A heap
 * with four children a place, in parallel arrays: adding makes no object, and costs O(log n).
 */
export class EventHeap {
  #size = 0;
  #times = new Float64Array(FIRST_CAPACITY);
  #numbers = new Float64Array(FIRST_CAPACITY);
  /** Places behind the last one keep what was there: an array that shrinks and grows costs more. */
  #activities: Activity[] = [];

  get size(): number {
    return this.#size;
  }

  /** When the first is due. The heap must not be empty. */
  get firstUs(): number {
    return this.#times[0]!;
  }

  /** The first one. The heap must not be empty. */
  get first(): Activity {
    return this.#activities[0]!;
  }

  /** Number of the first one. The heap must not be empty. */
  get firstNumber(): number {
    return this.#numbers[0]!;
  }

  /** @param number higher than that of any in the heap for the same time. */
  add(timeUs: number, number: number, activity: Activity): void {
    if (this.#size === this.#times.length) this.#grow();
    let place = this.#size++;
    while (place > 0) {
      const parent = (place - 1) >> 2;
      if (this.#times[parent]! <= timeUs) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#put(place, timeUs, number, activity);
  }

  /** Takes the first one out. The heap must not be empty. */
  removeFirst(): void {
    const last = --this.#size;
    if (last > 0) this.#sink(this.#times[last]!, this.#numbers[last]!, this.#activities[last]!);
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    this.#times = times;
    const numbers = new Float64Array(times.length);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }

  #sink(timeUs: number, number: number, activity: Activity): void {
    const times = this.#times;
    const numbers = this.#numbers;
    const size = this.#size;
    let place = 0;
    for (;;) {
      const firstChild = place * FANOUT + 1;
      if (firstChild >= size) break;
      let least = firstChild;
      let leastTime = times[firstChild]!;
      const end = Math.min(firstChild + FANOUT, size);
      for (let child = firstChild + 1; child < end; child++) {
        const time = times[child]!;
        if (time < leastTime || (time === leastTime && numbers[child]! < numbers[least]!)) {
          least = child;
          leastTime = time;
        }
      }
      if (leastTime > timeUs || (leastTime === timeUs && numbers[least]! > number)) break;
      this.#move(least, place);
      place = least;
    }
    this.#put(place, timeUs, number, activity);
  }

  #put(place: number, timeUs: number, number: number, activity: Activity): void {
    this.#times[place] = timeUs;
    this.#numbers[place] = number;
    this.#activities[place] = activity;
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#times[from]!, this.#numbers[from]!, this.#activities[from]!);
  }
}
