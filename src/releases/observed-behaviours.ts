import type { Behaviours } from "./behaviours.js";

/** A profile's behaviours that count how often each of some was asked for. */
export interface ObservedBehaviours {
  readonly behaviours: Behaviours;
  /** How often so far; a behaviour that was never asked for cannot have made a difference. */
  readonly asked: ReadonlyMap<keyof Behaviours, number>;
}

/** Counts the questions for `names`; the others cost what they cost before. */
export function observeBehaviours(
  behaviours: Behaviours,
  names: readonly (keyof Behaviours)[],
): ObservedBehaviours {
  const asked = new Map(names.map((name) => [name, 0]));
  const observed = { ...behaviours };
  for (const name of names) {
    const value = behaviours[name];
    Object.defineProperty(observed, name, {
      enumerable: true,
      get: () => {
        asked.set(name, asked.get(name)! + 1);
        return value;
      },
    });
  }
  return { behaviours: observed, asked };
}
