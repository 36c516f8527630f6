import { DEFAULT_RELEASE, findProfile, type ReleaseProfile } from "../releases/profiles.js";
import { type BrokenExploration, type Exploration, tryExplore } from "./explore.js";
import { type LeakKind, leakKinds } from "./leaks.js";
import { type Cause, raceCases, sweepCases } from "./systematic.js";

/** One release of every distinct set of behaviours, and the two models of the write-up. */
export const SURVEYED_RELEASES = [
  "v3.27.5",
  "v3.28.3",
  DEFAULT_RELEASE,
  "v3.29.7",
  "v3.30.4",
  "v3.31.6",
  "v3.32.1",
  "pre-3.28.4",
  "post-3.28.4",
] as const;

/** The profiles of `SURVEYED_RELEASES`. */
export function surveyedProfiles(): readonly ReleaseProfile[] {
  return SURVEYED_RELEASES.map((name) => findProfile(name)!);
}

/** The case with the fewest steps that led to a leak, and how many cases did. */
export interface Finding {
  readonly seed: string;
  readonly steps: number;
  readonly cases: number;
}

/** A cause of a leak: one thing that befell one operation, or a random run. */
export type SurveyCause = Cause | "random";

/** Every cause, from what takes least on. */
export const surveyCauses: readonly SurveyCause[] = [
  "nothing",
  "race",
  "fault",
  "deadline",
  "death",
  "random",
];

/** What was found for one release. */
export interface Survey {
  readonly release: string;
  readonly systematicCases: number;
  readonly randomCases: number;
  readonly steps: number;
  readonly checks: number;
  readonly findings: Readonly<Record<LeakKind, Partial<Record<SurveyCause, Finding>>>>;
  /** Runs that broke an invariant: defects. */
  readonly broken: readonly BrokenExploration[];
}

/** Gathers what the cases of one release led to. */
export class SurveyTally {
  readonly #findings = Object.fromEntries(leakKinds.map((kind) => [kind, {}])) as Record<
    LeakKind,
    Partial<Record<SurveyCause, Finding>>
  >;
  readonly #broken: BrokenExploration[] = [];
  /** Kinds that a scenario leaves without any fault, which its faults then do not explain. */
  readonly #unprovoked = new Map<string, ReadonlySet<LeakKind>>();
  #systematicCases = 0;
  #randomCases = 0;
  #steps = 0;
  #checks = 0;

  constructor(private readonly profile: ReleaseProfile) {}

  /** Runs one case and counts what it leaves. */
  run(seed: string, cause: SurveyCause): void {
    const result = tryExplore(this.profile, seed);
    if (cause === "random") this.#randomCases++;
    else this.#systematicCases++;
    this.#steps += result.steps;
    this.#checks += result.checks;
    if ("violation" in result) this.#broken.push(result);
    else this.#count(result, cause);
  }

  #count({ seed, steps, leaks }: Exploration, cause: SurveyCause): void {
    const kinds = new Set(leaks.map((leak) => leak.kind));
    const scenario = seed.split("/", 1)[0]!;
    if (cause === "nothing") this.#unprovoked.set(scenario, kinds);
    for (const kind of kinds) {
      if (cause !== "nothing" && this.#unprovoked.get(scenario)?.has(kind) === true) continue;
      const known = this.#findings[kind][cause];
      const isShorter = known === undefined || steps < known.steps;
      const shortest = isShorter ? { seed, steps } : known;
      this.#findings[kind][cause] = { ...shortest, cases: (known?.cases ?? 0) + 1 };
    }
  }

  result(): Survey {
    return {
      release: this.profile.name,
      systematicCases: this.#systematicCases,
      randomCases: this.#randomCases,
      steps: this.#steps,
      checks: this.#checks,
      findings: this.#findings,
      broken: this.#broken,
    };
  }
}

/** Seed of one of several random cases. */
export function caseSeed(seed: string, number: number): string {
  return `${seed}.${number}`;
}

/**
 * Runs every systematic case and a number of random ones, a case each step, so that the caller can
 * show progress and stop. The generator's result is what was found.
 */
export function* survey(
  profile: ReleaseProfile,
  seed: string,
  randomCases: number,
): Generator<void, Survey, undefined> {
  const tally = new SurveyTally(profile);
  for (const cases of [sweepCases(profile), raceCases(profile)]) {
    for (const { seed: name, cause } of cases) {
      tally.run(name, cause);
      yield;
    }
  }
  for (let number = 0; number < randomCases; number++) {
    tally.run(caseSeed(seed, number), "random");
    yield;
  }
  return tally.result();
}
