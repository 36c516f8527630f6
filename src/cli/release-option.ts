import { BadInput } from "../failure/failure.js";
import { findProfile, type ReleaseProfile, unknownReleaseText } from "../releases/profiles.js";

/**
 * The release that an option names.
 *
 * @param option as the user typed it, `--a`.
 * @throws BadInput with the nearest name when it is not known.
 */
export function releaseOption(option: string, name: string): ReleaseProfile {
  const profile = findProfile(name);
  if (profile === undefined) {
    throw new BadInput({ file: option, message: unknownReleaseText(name) });
  }
  return profile;
}
