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
  /** How many of the scheduled wakes do not keep the simulation going. */
  #idle = 0;
  #sequence = 0;
  #woken = 0;
  #times = new Float64Array(FIRST_CAPACITY);
  #sequences = new Float64Array(FIRST_CAPACITY);
  /** Places behind the last one keep what was there: an array that shrinks and grows costs more. */
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
   * Wakes the activity at this time, but does not keep the simulation going: without a time limit it
   * ends when nothing but such wakes is left. For what goes on for ever, such as a controller's timer.
   */
  scheduleIdle(timeUs: number, activity: Activity): void {
    this.schedule(timeUs, {
      wake: () => {
        this.#idle--;
        activity.wake();
      },
    });
    this.#idle++;
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
    const isUnlimited = untilUs === Infinity;
    while (this.#size > 0 && this.#times[0]! <= untilUs) {
      if (isUnlimited && this.#size === this.#idle) return true;
      if (this.#woken >= stopAt) return false;
      this.#nowUs = this.#times[0]!;
      const activity = this.#activities[0]!;
      this.#removeFirst();
      this.#woken++;
      activity.wake();
    }
    if (!isUnlimited && untilUs > this.#nowUs) this.#nowUs = untilUs;
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
    const times = this.#times;
    const sequences = this.#sequences;
    const activities = this.#activities;
    let place = from;
    while (place > 0) {
      // A new entry has the highest sequence number, so equal times never change places.
      const parent = (place - 1) >> 2;
      if (times[parent]! <= timeUs) break;
      times[place] = times[parent]!;
      sequences[place] = sequences[parent]!;
      activities[place] = activities[parent]!;
      place = parent;
    }
    times[place] = timeUs;
    sequences[place] = sequence;
    activities[place] = activity;
  }

  #removeFirst(): void {
    const last = --this.#size;
    if (last > 0) {
      this.#sink(this.#times[last]!, this.#sequences[last]!, this.#activities[last]!);
    }
  }

  #sink(timeUs: number, sequence: number, activity: Activity): void {
    const times = this.#times;
    const sequences = this.#sequences;
    const activities = this.#activities;
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
        if (time < leastTime || (time === leastTime && sequences[child]! < sequences[least]!)) {
          least = child;
          leastTime = time;
        }
      }
      if (leastTime > timeUs || (leastTime === timeUs && sequences[least]! > sequence)) break;
      times[place] = leastTime;
      sequences[place] = sequences[least]!;
      activities[place] = activities[least]!;
      place = least;
    }
    times[place] = timeUs;
    sequences[place] = sequence;
    activities[place] = activity;
  }
}
