import type { Activity } from "./activity.js";
import { EventHeap } from "./event-heap.js";

export type { Activity } from "./activity.js";

/** What is due in more than about this time is kept apart: ends of pods, time limits. */
const SOON_US = 1_000_000;

/**
 * The clock of a simulation: an event queue over integer microseconds. What is scheduled for the
 * same time is woken in the order in which it was scheduled, so a run depends on nothing but what
 * its activities do.
 *
 * Most wakes are due within milliseconds, most of what waits is due much later. So there are two heaps:
 * the small one of what is due soon stays in the processor's cache, and the large one is touched twice
 * for each of its wakes. Scheduling makes no object. Nothing can be taken out of the queue; an activity
 * that no longer wants a wake ignores it.
 */
export class Kernel {
  #nowUs = 0;
  /** How many of the scheduled wakes do not keep the simulation going. */
  #idle = 0;
  #sequence = 0;
  #woken = 0;
  readonly #soon = new EventHeap();
  /** Due at `#soonEndUs` or later; what is due before is in the other heap. */
  readonly #later = new EventHeap();
  #soonEndUs = SOON_US;

  /** Microseconds since the start of the simulation. */
  get nowUs(): number {
    return this.#nowUs;
  }

  /** How many wakes are scheduled. */
  get pending(): number {
    return this.#soon.size + this.#later.size;
  }

  /** How many wakes have been given; the step that a violation names. */
  get woken(): number {
    return this.#woken;
  }

  /** When the next wake is due; Infinity when there is none. */
  get nextUs(): number {
    if (this.#soon.size > 0) return this.#soon.firstUs;
    return this.#later.size > 0 ? this.#later.firstUs : Infinity;
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
    const heap = timeUs < this.#soonEndUs ? this.#soon : this.#later;
    heap.add(timeUs, this.#sequence++, activity);
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
    const soon = this.#soon;
    while (this.nextUs <= untilUs) {
      if (soon.size === 0 && !this.#comeCloser()) break;
      if (isUnlimited && this.pending === this.#idle) return true;
      if (this.#woken >= stopAt) return false;
      this.#nowUs = soon.firstUs;
      const activity = soon.first;
      soon.removeFirst();
      this.#woken++;
      activity.wake();
    }
    if (!isUnlimited && untilUs > this.#nowUs) this.#nowUs = untilUs;
    return true;
  }

  /** When nothing is due soon: what is due next becomes it. Whether there is anything. */
  #comeCloser(): boolean {
    const later = this.#later;
    if (later.size === 0) return false;
    this.#soonEndUs = later.firstUs + SOON_US;
    // They come in order, so each has the highest number of its time so far.
    while (later.size > 0 && later.firstUs < this.#soonEndUs) {
      this.#soon.add(later.firstUs, later.firstNumber, later.first);
      later.removeFirst();
    }
    return true;
  }
}
