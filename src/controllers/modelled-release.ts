import { Unsupported } from "../failure/failure.js";
import type { Behaviours } from "../releases/behaviours.js";

/** The collector that is modelled; what it reads from the profile is not listed. */
const MODELLED = {
  gcPodCache: "whole pods",
  gcEvictedPodsLeak: false,
  gcScope: "all nodes",
  gcGathering: "until none waits",
  gcRelease: "one address a call",
  gcRetry: "at once",
  gcStaleEntries: true,
  gcFailureScope: "whole sync",
  gcClientLimits: "5/s and 5/s",
} as const satisfies Partial<Behaviours>;

/**
 * Refuses a release whose collector differs from the modelled one, instead of running it as if it did
 * not.
 *
 * @throws Unsupported naming every behaviour that differs.
 */
export function requireModelledCollector(release: Behaviours): void {
  const fields = Object.keys(MODELLED) as (keyof typeof MODELLED)[];
  const differing = fields.filter((field) => release[field] !== MODELLED[field]);
  if (differing.length === 0) return;
  const list = differing.map((field) => `${field} = ${JSON.stringify(release[field])}`).join(", ");
  throw new Unsupported(
    `the garbage collector of this release: ${list}; modelled are v3.27.0 to v3.28.5`,
  );
}
