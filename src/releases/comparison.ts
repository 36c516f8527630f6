import { BEHAVIOUR_CATALOGUE, type BehaviourRecord } from "./behaviour-catalogue.js";
import type { Behaviours } from "./behaviours.js";
import type { ReleaseProfile } from "./profiles.js";

export type BehaviourName = keyof Behaviours;

/** A behaviour in which two profiles differ. */
export interface BehaviourDifference {
  readonly name: BehaviourName;
  readonly area: string;
  readonly meaning: string;
  readonly before: string;
  readonly after: string;
  /** What a user sees of it. */
  readonly effect: string;
  readonly source: string;
}

export const BEHAVIOUR_NAMES = Object.keys(BEHAVIOUR_CATALOGUE) as readonly BehaviourName[];

/** A value in words. */
export function describeValue(value: Behaviours[BehaviourName]): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}

/** The change that brings a record to this value; undefined for its first value. */
function changeTo(record: BehaviourRecord<BehaviourName>, value: unknown) {
  return record.changes.findLast((change) => change.value === value);
}

const LOCK_EFFECT = {
  gained: "every operation waits for all others of the cluster",
  lost: "operations on different blocks no longer wait for each other",
};

/** What differs from one profile to another, in the catalogue's order. */
export function compareProfiles(a: ReleaseProfile, b: ReleaseProfile): BehaviourDifference[] {
  const differences: BehaviourDifference[] = [];
  for (const name of BEHAVIOUR_NAMES) {
    const before = a.behaviours[name];
    const after = b.behaviours[name];
    if (before === after) continue;
    const record = BEHAVIOUR_CATALOGUE[name] as BehaviourRecord<BehaviourName>;
    const change = changeTo(record, after);
    const undone = changeTo(record, before);
    let effect = change?.effect ?? (undone === undefined ? "" : `not yet: ${undone.effect}`);
    if (name === "coarseAllocationLock") effect = after ? LOCK_EFFECT.gained : LOCK_EFFECT.lost;
    differences.push({
      name,
      area: record.area,
      meaning: record.meaning,
      before: describeValue(before),
      after: describeValue(after),
      effect,
      source: change?.source ?? record.source,
    });
  }
  return differences;
}
