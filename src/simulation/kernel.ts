/** Something that can be woken at a time it asked for. */
export interface Activity {
  /** Called by the kernel when the time has come; may schedule itself and others again. */
  wake(): void;
}

const FANOUT = 4;
const FIRST_CAPACITY = 256;

/**
 * The clock of a simulation: an event queue over integer microseconds. What is scheduled for the
 * same time is woken in the order in which it was scheduled, so a run depends on nothing but what
 * its activities do.
 *
 * The queue is a heap with four children a place, kept in parallel arrays: scheduling makes no
 * object, and a wake costs O(log n) of what waits. Nothing can be taken out of the queue; an activity
 * that no longer wants a wake ignores it.
 */
export class Kernel {
  #nowUs = 0;
  #size = 0;
  #sequence = 0;
  #woken = 0;
  #times = new Float64Array(FIRST_CAPACITY);
  #sequences = new Float64Array(FIRST_CAPACITY);
  #activities: Activity[] = [];

  /** Microseconds since the start of the simulation. */
  get nowUs(): number {
    return this.#nowUs;
  }

  /** How many wakes are scheduled. */
  get pending(): number {
    return this.#size;
  }

  /** How many wakes have been given; the step that a violation names. */
  get woken(): number {
    return this.#woken;
  }

  /** When the next wake is due; Infinity when there is none. */
  get nextUs(): number {
    return this.#size === 0 ? Infinity : this.#times[0]!;
  }

  /**
   * Wakes the activity at this time.
   *
   * @param timeUs whole microseconds, not before now.
   * @throws RangeError for a time in the past or a fraction: either is an error of the caller.
   */
  schedule(timeUs: number, activity: Activity): void {
    if (timeUs < this.#nowUs || !Number.isSafeInteger(timeUs)) {
      throw new RangeError(`cannot schedule for ${timeUs} µs, it is ${this.#nowUs} µs now`);
    }
    if (this.#size === this.#times.length) this.#grow();
    this.#rise(this.#size++, timeUs, this.#sequence++, activity);
  }

  /**
   * Gives all wakes that are due up to and including this time, then sets the clock to it (to the
   * time of the last wake when the limit is Infinity).
   *
   * @param wakesMax stops after this many, so that a caller can look at what was reached.
   * @returns whether everything that was due is done.
   */
  run(untilUs: number, wakesMax = Infinity): boolean {
    const stopAt = this.#woken + wakesMax;
    while (this.#size > 0 && this.#times[0]! <= untilUs) {
      if (this.#woken >= stopAt) return false;
      this.#nowUs = this.#times[0]!;
      const activity = this.#activities[0]!;
      this.#removeFirst();
      this.#woken++;
      activity.wake();
    }
    if (untilUs !== Infinity && untilUs > this.#nowUs) this.#nowUs = untilUs;
    return true;
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    this.#times = times;
    const sequences = new Float64Array(times.length);
    sequences.set(this.#sequences);
    this.#sequences = sequences;
  }

  #rise(from: number, timeUs: number, sequence: number, activity: Activity): void {
    let place = from;
    while (place > 0) {
      // A new entry has the highest sequence number, so equal times never change places.
      const parent = (place - 1) >> 2;
      if (this.#times[parent]! <= timeUs) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#put(place, timeUs, sequence, activity);
  }

  #removeFirst(): void {
    const last = --this.#size;
    const activity = this.#activities[last]!;
    this.#activities.length = last;
    if (last > 0) this.#sink(this.#times[last]!, this.#sequences[last]!, activity);
  }

  #sink(timeUs: number, sequence: number, activity: Activity): void {
    let place = 0;
    for (;;) {
      const firstChild = place * FANOUT + 1;
      if (firstChild >= this.#size) break;
      let least = firstChild;
      const end = Math.min(firstChild + FANOUT, this.#size);
      for (let child = firstChild + 1; child < end; child++) {
        if (this.#isBefore(child, this.#times[least]!, this.#sequences[least]!)) least = child;
      }
      if (!this.#isBefore(least, timeUs, sequence)) break;
      this.#move(least, place);
      place = least;
    }
    this.#put(place, timeUs, sequence, activity);
  }

  #isBefore(place: number, timeUs: number, sequence: number): boolean {
    const time = this.#times[place]!;
    return time < timeUs || (time === timeUs && this.#sequences[place]! < sequence);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#times[from]!, this.#sequences[from]!, this.#activities[from]!);
  }

  #put(place: number, timeUs: number, sequence: number, activity: Activity): void {
    this.#times[place] = timeUs;
    this.#sequences[place] = sequence;
    this.#activities[place] = activity;
  }
}
