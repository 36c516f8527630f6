import { attribute, type SwitchedRuns } from "../analysis/comparison/attribute.js";
import { compareRuns } from "../analysis/comparison/compare-runs.js";
import type { RunFigures } from "../analysis/comparison/run-figures.js";
import { BadInput } from "../failure/failure.js";
import {
  type BehaviourComparison,
  COMPARISON_VERSION,
  type ComparisonResult,
} from "../formats/result/comparison-result.js";
import type { Scenario } from "../formats/scenario/scenario.js";
import { STANDARD_INPUT } from "../formats/text-source.js";
import type { Behaviours } from "../releases/behaviours.js";
import { type BehaviourName, compareProfiles } from "../releases/comparison.js";
import type { ReleaseProfile } from "../releases/profiles.js";
import { RandomStreams } from "../simulation/random-streams.js";
import type { LoadProgress } from "../load/run-load.js";
import { compareOnThreads, threadAllocators, type ThreadSettings } from "./compare-on-threads.js";
import { readScenario } from "./read-scenario.js";
import { createRunPool, type RunPool } from "./run-pool.js";
import type { RunOutcome, RunTask } from "./run-task.js";
import { settledPrefix } from "./settled-prefix.js";

export interface CompareOptions {
  readonly a: ReleaseProfile;
  readonly b: ReleaseProfile;
  /** Pairs of runs, if the seed matters at all. */
  readonly runs: number;
  /** Whether to switch the behaviours one at a time. */
  readonly attribute: boolean;
  /** Measures the allocators that model the two sides on threads as well; absent: does not. */
  readonly threads?: ThreadSettings | undefined;
  readonly onLoad?: ((progress: LoadProgress) => void) | undefined;
  /** Most runs at a time; the result does not depend on it. */
  readonly workers: number;
  /** Version of ipamlab, for the document. */
  readonly version: string;
  readonly signal?: AbortSignal | undefined;
  /** Called when a run is done. */
  readonly onRun?: ((done: number, all: number) => void) | undefined;
}

/** Resamples of a bootstrap: enough that the ends of an interval do not move in two digits. */
export const RESAMPLES = 9999;

/** The bootstrap's own streams: fixed, so that the same figures give the same intervals. */
export const bootstrapStream = (name: string): (() => number) =>
  new RandomStreams("comparison").stream(name);

/** The scenario's own seed first, so that the first pair is what `simulate` shows. */
function seedsOf({ seed }: Scenario, runs: number): string[] {
  return Array.from({ length: runs }, (_, i) => (i === 0 ? seed : `${seed}.${i + 1}`));
}

/** A scenario that can be read again for every run. */
async function readRepeatable(file: string): Promise<Scenario> {
  const message = "runs several times, so standard input cannot be used; give a file";
  if (file === STANDARD_INPUT) throw new BadInput({ file, message });
  const scenario = await readScenario(file);
  for (const executor of scenario.workload) {
    if (executor.executor === "trace" && executor.file === STANDARD_INPUT) {
      throw new BadInput({ file, field: "workload", message: `the trace ${message}` });
    }
  }
  return scenario;
}

/** The runs of one comparison, counted for the progress line. */
class Runs {
  #done = 0;
  #all = 0;

  constructor(
    private readonly pool: RunPool,
    private readonly common: Pick<RunTask, "file" | "counted" | "version">,
    private readonly onRun: CompareOptions["onRun"],
  ) {}

  async run(release: string, seed: string, switched: Partial<Behaviours>): Promise<RunOutcome> {
    this.#all++;
    const outcome = await this.pool.run({ ...this.common, release, seed, switched });
    this.onRun?.(++this.#done, this.#all);
    return outcome;
  }

  async pair(a: ReleaseProfile, b: ReleaseProfile, seed: string): Promise<Pair> {
    const [first, second] = await Promise.all([
      this.run(a.name, seed, {}),
      this.run(b.name, seed, {}),
    ]);
    return { a: first, b: second };
  }
}

interface Pair {
  readonly a: RunOutcome;
  readonly b: RunOutcome;
}

/** Runs the first pair; more only if the seed makes a difference. */
async function runPairs(
  runs: Runs,
  seeds: readonly string[],
  { a, b, signal }: CompareOptions,
): Promise<Pair[]> {
  const first = await settledPrefix([runs.pair(a, b, seeds[0]!)], signal);
  const doesMatter = first.some((pair) =>
    [pair.a, pair.b].some(({ figures }) => figures.seedMatters),
  );
  if (!doesMatter) return first;
  const rest = await settledPrefix(
    seeds.slice(1).map((seed) => runs.pair(a, b, seed)),
    signal,
  );
  return [...first, ...rest];
}

function sumAsked(outcomes: readonly RunOutcome[], name: BehaviourName): number {
  return outcomes.reduce((sum, { asked }) => sum + (asked.get(name) ?? 0), 0);
}

/** The behaviours that differ; with how often they were asked for, where that was counted. */
export function compareBehaviours(
  a: ReleaseProfile,
  b: ReleaseProfile,
  pairs: readonly Pair[] | null,
): BehaviourComparison[] {
  const asked = (outcomes: readonly RunOutcome[] | undefined, name: BehaviourName) =>
    outcomes === undefined ? null : sumAsked(outcomes, name);
  const ofA = pairs?.map((pair) => pair.a);
  const ofB = pairs?.map((pair) => pair.b);
  return compareProfiles(a, b).map(({ name, area, before, after, effect, source }) => ({
    name,
    area,
    a: before,
    b: after,
    effect,
    source,
    askedA: asked(ofA, name),
    askedB: asked(ofB, name),
  }));
}

/** Runs with each behaviour switched alone that either side asked for; the others cannot matter. */
async function runSwitched(
  runs: Runs,
  seeds: readonly string[],
  behaviours: readonly BehaviourComparison[],
  { a, b, signal }: CompareOptions,
): Promise<SwitchedRuns[] | null> {
  const live = behaviours.filter(({ askedA, askedB }) => askedA !== 0 || askedB !== 0);
  const figuresOf = (profile: ReleaseProfile, other: ReleaseProfile, name: BehaviourName) =>
    seeds.map(async (seed): Promise<RunFigures> => {
      const switched = { [name]: other.behaviours[name] };
      return (await runs.run(profile.name, seed, switched)).figures;
    });
  const all = live.map(({ name }) => {
    const behaviour = name as BehaviourName;
    return { behaviour, alone: figuresOf(a, b, behaviour), without: figuresOf(b, a, behaviour) };
  });
  // All are started before any is waited for, so that every worker has something to do.
  const switched = await settledPrefix(
    all.map(async ({ behaviour, alone, without }) => ({
      behaviour,
      alone: await Promise.all(alone),
      without: await Promise.all(without),
    })),
    signal,
  );
  await Promise.allSettled(all.flatMap(({ alone, without }) => [...alone, ...without]));
  return switched.length < live.length ? null : switched;
}

function describeSide({ name, basis, provenance }: ReleaseProfile): ComparisonResult["a"] {
  return { release: name, basis, provenance };
}

/** The comparison on threads, if it was asked for. */
async function measure(
  scenario: Scenario,
  pairs: readonly Pair[],
  options: CompareOptions,
): Promise<ComparisonResult["measured"]> {
  const { threads, a, b, signal } = options;
  if (threads === undefined || signal?.aborted === true) return null;
  const peaks = pairs.map(
    (pair) => pair.a.figures.figures.find(({ name }) => name === "addresses_peak")?.value ?? 0,
  );
  return compareOnThreads(scenario, {
    ...threads,
    version: options.version,
    signal,
    onProgress: options.onLoad,
    a: a.name,
    b: b.name,
    pairs: options.runs,
    podsPeak: Math.max(...peaks),
    bootstrap: { resamples: RESAMPLES, stream: bootstrapStream },
  });
}

/**
 * Runs a scenario with two releases in pairs with common random numbers, and compares what became of
 * it. Where the runs draw no random number, one pair tells everything.
 *
 * @throws BadInput for a scenario that cannot be read or run several times; the signal's reason when
 *   it is aborted before the first pair is done.
 */
export async function compareReleases(
  file: string,
  options: CompareOptions,
): Promise<ComparisonResult> {
  const { a, b, version, signal } = options;
  if (options.threads !== undefined) threadAllocators(a.name, b.name);
  const scenario = await readRepeatable(file);
  const counted = compareProfiles(a, b).map(({ name }) => name);
  const pool = createRunPool(options);
  try {
    const runs = new Runs(pool, { file, counted, version }, options.onRun);
    const seeds = seedsOf(scenario, options.runs);
    const pairs = await runPairs(runs, seeds, options);
    if (pairs.length === 0) signal?.throwIfAborted();
    const [figuresA, figuresB] = [
      pairs.map((pair) => pair.a.figures),
      pairs.map((p) => p.b.figures),
    ];
    const compared = compareRuns(figuresA, figuresB, {
      resamples: RESAMPLES,
      stream: bootstrapStream,
    });
    const behaviours = compareBehaviours(a, b, pairs);
    const done = seeds.slice(0, pairs.length);
    const switched = options.attribute ? await runSwitched(runs, done, behaviours, options) : null;
    const { name, sha256 } = pairs[0]!.a.scenario;
    return {
      ipamlab: { document: "comparison", documentVersion: COMPARISON_VERSION, version },
      scenario: { name, sha256 },
      a: describeSide(a),
      b: describeSide(b),
      provenance: pairs[0]!.a.provenance,
      completed: signal?.aborted !== true,
      ...compared,
      behaviours,
      attribution: switched && attribute(figuresA, figuresB, switched, compared.figures),
      measured: await measure(scenario, pairs, options),
    };
  } finally {
    await pool.close();
  }
}
