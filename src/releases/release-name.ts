/** A Calico release as three numbers. */
export interface ReleaseNumber {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** Reads `v3.28.4`; the leading v may be missing. Undefined when it is not of that form. */
export function parseRelease(text: string): ReleaseNumber | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)$/.exec(text);
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) };
}

/**
 * Whether a release has a change, given the first tag with it in each release line. A line without a
 * tag of its own has the change when an earlier line has it: new lines branch off the newest state.
 */
export function hasChange(release: ReleaseNumber, firstTags: readonly string[]): boolean {
  let nearest: ReleaseNumber | undefined;
  for (const tag of firstTags) {
    const first = parseRelease(tag);
    if (first === undefined || first.minor > release.minor) continue;
    if (nearest === undefined || first.minor > nearest.minor) nearest = first;
  }
  if (nearest === undefined) return false;
  return nearest.minor < release.minor || release.patch >= nearest.patch;
}
