/** A range that is said to hold a value with some confidence. Both ends belong to it. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Confidence of the intervals in reports. */
export const CONFIDENCE = 0.95;
