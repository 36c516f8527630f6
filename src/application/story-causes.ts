import type { PodStory, StoryCommand } from "../analysis/pod-story.js";
import { BEHAVIOUR_CATALOGUE } from "../releases/behaviour-catalogue.js";
import type { Behaviours } from "../releases/behaviours.js";
import { type BehaviourName, describeValue } from "../releases/comparison.js";

/** A behaviour of the release that had its part in a story, and what later releases do instead. */
export interface StoryCause {
  readonly behaviour: BehaviourName;
  readonly meaning: string;
  /** What the simulated release does. */
  readonly here: string;
  readonly instead: string;
  /** The first releases that do that, one of each line. */
  readonly since: readonly string[];
  readonly effect: string;
}

function ranOutOfTime({ error }: StoryCommand): boolean {
  return error?.includes("context deadline") ?? false;
}

function listsAffinitiesInPages({ steps }: StoryCommand): boolean {
  const isPage = (path: string) => /^blockaffinities\?limit=.*&continue=/.test(path);
  return steps.some((step) => step.kind === "request" && isPage(step.path));
}

function wroteHandle({ steps }: StoryCommand): boolean {
  return steps.some(
    (step) =>
      step.kind === "request" && step.method !== "GET" && step.path.startsWith("ipamhandles"),
  );
}

/** Where in a story a behaviour shows. */
const SIGNS: readonly (readonly [BehaviourName, (command: StoryCommand) => boolean])[] = [
  ["cniAddTimer", (run) => run.command === "add" && ranOutOfTime(run) && run.lockWaitUs > 0],
  ["cniDelTimer", (run) => run.command === "del" && ranOutOfTime(run) && run.lockWaitUs > 0],
  ["handleIncrementError", (run) => run.command === "add" && ranOutOfTime(run) && wroteHandle(run)],
  [
    "handleCleanupDeadline",
    (run) => run.command === "add" && ranOutOfTime(run) && wroteHandle(run),
  ],
  ["kubernetesAffinityLookup", listsAffinitiesInPages],
  ["reclaimEmptyBlocks", ({ error }) => error?.includes("No IPs available") ?? false],
];

/** Which behaviours of the release had a part in a story, where later releases do otherwise. */
export function causesOf({ commands }: PodStory, behaviours: Behaviours): StoryCause[] {
  return SIGNS.flatMap(([behaviour, shows]) => {
    if (!commands.some(shows)) return [];
    const { meaning, changes } = BEHAVIOUR_CATALOGUE[behaviour];
    const value = behaviours[behaviour];
    const present = changes.findIndex((change) => change.value === value);
    const next = changes[present + 1];
    if (next === undefined) return [];
    return {
      behaviour,
      meaning,
      here: describeValue(value),
      instead: describeValue(next.value),
      since: next.since,
      effect: next.effect,
    };
  });
}
