import { BEHAVIOUR_CATALOGUE } from "../releases/behaviour-catalogue.js";
import type { Behaviours } from "../releases/behaviours.js";
import type { ReleaseProfile } from "../releases/profiles.js";

/** The behaviours whose first value leads to a kind of finding, and their mended values do not. */
const CAUSES: Readonly<Record<string, readonly (keyof Behaviours)[]>> = {
  "handle-without-address": ["cniAddTimer", "handleCleanupDeadline"],
  "address-without-handle": ["handleIncrementError"],
  "address-not-in-use": ["cniDelTimer", "handleIncrementError"],
};

/**
 * Faults of this release that are known to lead to such a finding; without a release, of all releases
 * before the ones that are named.
 */
export function knownCauses(kind: string, release: ReleaseProfile | undefined): string[] {
  return (CAUSES[kind] ?? []).flatMap((name) => {
    const { meaning, first, changes } = BEHAVIOUR_CATALOGUE[name];
    const mended = changes[0]!;
    if (release !== undefined && release.behaviours[name] !== first) return [];
    const value = typeof first === "string" ? ` (${first})` : "";
    return [
      `${release?.name ?? "releases before the fix"}: ${meaning}${value}; ` +
        `since ${mended.since.join(", ")} ${mended.effect} [${mended.source}]`,
    ];
  });
}
