import { didYouMean } from "../failure/nearest-name.js";
import { BEHAVIOUR_CATALOGUE, type BehaviourRecord } from "./behaviour-catalogue.js";
import type { Behaviours } from "./behaviours.js";
import { hasChange, parseRelease, type ReleaseNumber } from "./release-name.js";

/** What a profile rests on. Every report prints it, and the two are never mixed up. */
export type ProfileBasis = "Calico's code" | "a write-up";

/** One release, or one model of the write-up: a name and its behaviours. */
export interface ReleaseProfile {
  readonly name: string;
  readonly basis: ProfileBasis;
  readonly behaviours: Behaviours;
  /** One sentence on what the profile rests on, for reports. */
  readonly provenance: string;
}

/** Released patch levels that ipamlab models: last patch of each 3.x line, all from .0 on. */
const LAST_PATCH: Readonly<Record<number, number>> = {
  27: 5,
  28: 5,
  29: 7,
  30: 7,
  31: 7,
  32: 1,
};

/** Releases whose output was recorded and is compared call by call. */
const RECORDED_RELEASES = ["v3.28.3", "v3.28.4", "v3.31.6", "v3.32.1"] as const;

/** The release that is used when none is named. */
export const DEFAULT_RELEASE = "v3.28.4";

/** Profiles that model the write-up and not Calico's code. */
const WRITE_UP_PROFILES = ["pre-3.28.4", "post-3.28.4"] as const;

/** The known releases in short, for messages. */
export const KNOWN_RELEASES_TEXT = "v3.27.0 to v3.32.1, pre-3.28.4 and post-3.28.4";

/** Every name that `findProfile` knows, oldest release first. */
export function knownReleases(): string[] {
  const names: string[] = [];
  for (const [minor, lastPatch] of Object.entries(LAST_PATCH)) {
    for (let patch = 0; patch <= lastPatch; patch++) names.push(`v3.${minor}.${patch}`);
  }
  return [...names, ...WRITE_UP_PROFILES];
}

function isNotIn(release: ReleaseNumber, lines: readonly string[] | undefined): boolean {
  return lines?.includes(`v${release.major}.${release.minor}`) ?? false;
}

function valueAt<K extends keyof Behaviours>(
  record: BehaviourRecord<K>,
  release: ReleaseNumber,
): Behaviours[K] {
  let value = record.first;
  for (const change of record.changes) {
    if (isNotIn(release, change.notIn)) continue;
    if (hasChange(release, change.since)) value = change.value;
  }
  return value;
}

function behavioursOf(release: ReleaseNumber): Behaviours {
  const values: Partial<Record<keyof Behaviours, unknown>> = {};
  for (const field of Object.keys(BEHAVIOUR_CATALOGUE) as (keyof Behaviours)[]) {
    values[field] = valueAt(BEHAVIOUR_CATALOGUE[field], release);
  }
  return values as Behaviours;
}

const V3_28_4: ReleaseNumber = { major: 3, minor: 28, patch: 4 };

function recordedNote(name: string): string {
  if (name === "v3.28.3" || name === "v3.28.4") {
    return (
      "Calico's code, checked call by call against recordings of the real library; v3.28.3 and " +
      "v3.28.4 gave identical output on every recording"
    );
  }
  if ((RECORDED_RELEASES as readonly string[]).includes(name)) {
    return "Calico's code, checked call by call against recordings of the real library";
  }
  return "Calico's code as read at the tags; this release itself was not recorded";
}

const WRITE_UP_NOTE =
  "a write-up about v3.28.4, not Calico's code: Calico's own history has no such change";

const made = new Map<string, ReleaseProfile>();

/**
 * The profile of this name, or undefined. The leading v may be missing. The same release is always the
 * same object, so that all who run it share what is the release's, such as its lock.
 */
export function findProfile(name: string): ReleaseProfile | undefined {
  const profile = made.get(name) ?? makeProfile(name);
  if (profile === undefined) return undefined;
  if (!made.has(profile.name)) made.set(profile.name, profile);
  return made.get(profile.name);
}

function makeProfile(name: string): ReleaseProfile | undefined {
  if (name === "pre-3.28.4" || name === "post-3.28.4") {
    const behaviours = behavioursOf(V3_28_4);
    const isBefore = name === "pre-3.28.4";
    return {
      name,
      basis: "a write-up",
      behaviours: { ...behaviours, coarseAllocationLock: isBefore },
      provenance: WRITE_UP_NOTE,
    };
  }
  const release = parseRelease(name);
  if (release?.major !== 3) return undefined;
  const lastPatch = LAST_PATCH[release.minor];
  if (lastPatch === undefined || release.patch > lastPatch) return undefined;
  const canonical = `v3.${release.minor}.${release.patch}`;
  return {
    name: canonical,
    basis: "Calico's code",
    behaviours: behavioursOf(release),
    provenance: recordedNote(canonical),
  };
}

/** What to tell a user who named a release that is not known. */
export function unknownReleaseText(name: string): string {
  const near = didYouMean(name, knownReleases());
  return `unknown release "${name}"${near}; known are ${KNOWN_RELEASES_TEXT}`;
}
