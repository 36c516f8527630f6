import { type PodStory, StoryWriter } from "../analysis/pod-story.js";
import { BadInput } from "../failure/failure.js";
import type { SimulationResult } from "../formats/result/simulation-result.js";
import type { Scenario } from "../formats/scenario/scenario.js";
import { findProfile } from "../releases/profiles.js";
import { ordinaryHandle } from "../node/cni-request.js";
import type { HandleLeak } from "../node/leak-count.js";
import type { PodRef } from "../workload/pod-network.js";
import type { PodObserver } from "./observed-events.js";
import { simulateScenario, type SimulateOptions } from "./simulate-scenario.js";
import { causesOf, type StoryCause } from "./story-causes.js";

/** Which pods to explain: one by its name, the slowest, or the first of those that failed. */
export type PodChoice =
  | { readonly by: "name"; readonly name: string }
  | { readonly by: "slowest" | "failed"; readonly count: number };

export interface ExplainedPod extends PodStory {
  readonly causes: readonly StoryCause[];
}

export interface Explanation {
  readonly pods: readonly ExplainedPod[];
  /** How many pods there were to choose from: all that got a node, or all with a failed ADD. */
  readonly candidates: number;
  readonly result: SimulationResult;
}

/** A pod of one run, which the same run finds again. */
interface PodKey {
  readonly name: string;
  readonly namespace: string;
  readonly intendedUs: number;
}

function keyOf({ name, namespace, intendedUs }: PodKey): string {
  return `${intendedUs} ${namespace}/${name}`;
}

/** First run: how long each pod took, and whether an ADD of it failed. */
class Survey implements PodObserver {
  readonly readyUs = new Map<PodRef, number | null>();
  readonly failed = new Set<PodRef>();

  podStarted(pod: PodRef): null {
    this.readyUs.set(pod, null);
    return null;
  }

  podReady(pod: PodRef, timeUs: number): void {
    this.readyUs.set(pod, timeUs);
  }

  podFailed(pod: PodRef): void {
    this.failed.add(pod);
  }

  /** Slowest first; a pod that never was ready took at least until the end. */
  slowest(count: number, endUs: number): PodRef[] {
    const tookUs = (pod: PodRef) => (this.readyUs.get(pod) ?? endUs) - pod.intendedUs;
    return [...this.readyUs.keys()].sort((a, b) => tookUs(b) - tookUs(a)).slice(0, count);
  }
}

/** Second run: the stories of the pods asked for, in the order in which they came. */
class Reporter implements PodObserver {
  readonly stories = new Map<PodRef, PodStory>();

  constructor(private readonly isWanted: (pod: PodRef) => boolean) {}

  podStarted(pod: PodRef, timeUs: number): StoryWriter | null {
    if (!this.isWanted(pod)) return null;
    const { name, namespace, node, intendedUs } = pod;
    const story: PodStory = {
      pod: name,
      namespace,
      node: node.name,
      intendedUs,
      startedUs: timeUs,
      readyUs: null,
      commands: [],
      leftBehind: [],
    };
    this.stories.set(pod, story);
    return new StoryWriter(story);
  }

  podReady(pod: PodRef, timeUs: number): void {
    const story = this.stories.get(pod);
    if (story !== undefined) story.readyUs = timeUs;
  }

  podFailed(): void {
    // The story's own steps tell it.
  }

  runEnded(leaks: ReadonlyMap<string, HandleLeak>): void {
    for (const { commands, leftBehind } of this.stories.values()) {
      for (const { command, sandbox } of commands) {
        const leak = command === "add" ? leaks.get(ordinaryHandle(sandbox)) : undefined;
        if (leak !== undefined) leftBehind.push({ sandbox, ...leak });
      }
    }
  }
}

/**
 * Runs a scenario and writes down what happened to some of its pods. A choice that depends on how the
 * pods fared takes two runs: the first finds them, the second, which is equal to it, follows them.
 *
 * @throws BadInput when the scenario has no nodes around the allocator, or no such pod comes up.
 */
export async function explainPods(
  scenario: Scenario,
  choice: PodChoice,
  options: SimulateOptions,
): Promise<Explanation> {
  if (scenario.simulation.model !== "cluster") {
    const message =
      "only model: cluster has a story to tell: with the allocator alone every ADD is done at once. " +
      "Say simulation: { model: cluster, duration: 10m }, or --set simulation.model=cluster " +
      "--set simulation.duration=10m";
    throw new BadInput({ file: scenario.file, field: "simulation.model", message });
  }
  const profile = options.profile ?? findProfile(scenario.release)!;
  let candidates = 0;
  let order: string[] | undefined;
  if (choice.by !== "name") {
    const survey = new Survey();
    const found = await simulateScenario(scenario, { ...options, observer: survey });
    const endUs = found.simulation.durationUs ?? found.timeUs.last;
    candidates = choice.by === "failed" ? survey.failed.size : survey.readyUs.size;
    const pods =
      choice.by === "failed"
        ? [...survey.failed].slice(0, choice.count)
        : survey.slowest(choice.count, endUs);
    order = pods.map(keyOf);
  }
  const wanted = order === undefined ? undefined : new Set(order);
  const isWanted = (pod: PodRef) =>
    choice.by === "name" ? pod.name === choice.name : wanted!.has(keyOf(pod));
  const reporter = new Reporter(isWanted);
  const result = await simulateScenario(scenario, { ...options, observer: reporter });
  const stories = [...reporter.stories].map(([pod, story]) => ({ key: keyOf(pod), story }));
  if (order !== undefined) {
    const place = new Map(order.map((key, i) => [key, i]));
    stories.sort((a, b) => place.get(a.key)! - place.get(b.key)!);
  } else {
    candidates = stories.length;
  }
  const pods = stories.map(({ story }) => ({
    ...story,
    causes: causesOf(story, profile.behaviours),
  }));
  return { pods, candidates, result };
}
