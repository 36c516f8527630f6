import { InvariantViolation } from "../failure/failure.js";
import type { ReleaseProfile } from "../releases/profiles.js";
import { checkState, countHandleLeaks } from "../simulation/checks/state-check.js";
import { RandomStreams } from "../simulation/random-streams.js";
import { Cluster, type ClusterPlan } from "./cluster.js";
import { Draw } from "./draw.js";
import { Engine, type EngineOptions, type Round } from "./engine.js";
import type { Leak, LeakKind } from "./leaks.js";
import { drawPlan, RandomRun } from "./random-run.js";
import { isSystematicSeed, makeCase } from "./systematic.js";

/** What one seed led to. */
export interface Exploration {
  readonly release: string;
  readonly seed: string;
  readonly plan: ClusterPlan;
  readonly rounds: readonly Round[];
  /** Calls, and takings and givings of the lock. */
  readonly steps: number;
  /** Writes, answers and states that were held against the invariants. */
  readonly checks: number;
  /** Why the run ended early, if it did. */
  readonly stopped: string | undefined;
  readonly leaks: readonly Leak[];
}

/** An exploration that broke an invariant: what happened up to there. */
export interface BrokenExploration extends Omit<Exploration, "leaks"> {
  readonly violation: InvariantViolation;
}

/** Leaks of affinities make the check of owners fail; any other failure of it is a defect. */
const OWNER_LEAKS: ReadonlySet<LeakKind> = new Set([
  "confirmed-affinity-of-foreign-block",
  "confirmed-affinity-without-block",
]);

/** Holds what the classifier found against the two independent checks of the state. */
function crossCheck(cluster: Cluster, leaks: readonly Leak[]): void {
  const { datastore } = cluster;
  if (!leaks.some(({ kind }) => OWNER_LEAKS.has(kind))) checkState(datastore);
  const { overstated, understated } = countHandleLeaks(datastore);
  const count = (kind: LeakKind) => leaks.filter((leak) => leak.kind === kind).length;
  if (
    overstated !== count("handle-without-address") ||
    // Windows' reserved addresses have a handle id and, by design, no handle object.
    understated < count("address-without-handle")
  ) {
    throw new InvariantViolation(
      "two ways of counting handles agree",
      `${overstated} and ${understated} against ${leaks.map((leak) => leak.kind).join(", ")}`,
    );
  }
}

/** Names seed and step, so that the failure can be run again. */
function located(error: InvariantViolation, release: string, seed: string, step: number) {
  const where = `release ${release}, seed ${seed}, step ${step}; replay: ${replayCommand(release, seed)}`;
  return new InvariantViolation(error.invariant, `${error.detail} (${where})`);
}

/** The command line that runs one seed again. */
export function replayCommand(release: string, seed: string): string {
  const word = /^[\w.:/-]+$/.test(seed) ? seed : `'${seed}'`;
  return `ipamlab explore --release ${release} --seed ${word}`;
}

function runRandom(engine: Engine, run: RandomRun): void {
  for (let round = 0; round < run.roundCount && engine.stopped === undefined; round++) {
    engine.round(run.drawEdits(), run.drawClients(), run.scheduler());
  }
}

/**
 * Runs one seed on one release: a random one, or a systematic case (see `systematic.ts`) by its
 * name. The same seed always gives the same run.
 *
 * @throws InvariantViolation never: a broken invariant is part of the answer.
 * @throws RangeError for the name of a systematic case that does not exist.
 */
export function tryExplore(
  profile: ReleaseProfile,
  seed: string,
  options: EngineOptions = {},
): Exploration | BrokenExploration {
  const isSystematic = isSystematicSeed(seed);
  const streams = new RandomStreams(seed);
  const draw = new Draw(streams.stream("exploration"));
  const mapDraw = new Draw(streams.stream("map order"));
  const systematic = isSystematic ? makeCase(seed) : undefined;
  const plan = systematic?.plan ?? drawPlan(draw);
  const mapOrder = isSystematic ? undefined : <T>(items: readonly T[]) => mapDraw.shuffle(items);
  const cluster = new Cluster(profile.behaviours, plan, mapOrder);
  const engine = new Engine(cluster, plan, options);
  const story = () => ({
    release: profile.name,
    seed,
    plan,
    rounds: engine.rounds,
    steps: engine.steps,
    checks: engine.checks,
    stopped: engine.stopped,
  });
  try {
    if (systematic === undefined) runRandom(engine, new RandomRun(draw, cluster, plan));
    else systematic.run(engine);
    const leaks = engine.leaks();
    crossCheck(cluster, leaks);
    return { ...story(), leaks };
  } catch (error) {
    if (!(error instanceof InvariantViolation)) throw error;
    return { ...story(), violation: located(error, profile.name, seed, engine.steps) };
  }
}

/**
 * Runs one seed on one release.
 *
 * @throws InvariantViolation with release, seed, step and the command that replays it.
 */
export function explore(
  profile: ReleaseProfile,
  seed: string,
  options: EngineOptions = {},
): Exploration {
  const result = tryExplore(profile, seed, options);
  if ("violation" in result) throw result.violation;
  return result;
}
