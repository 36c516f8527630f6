import { BadInput } from "../failure/failure.js";
import type { PlanResult } from "../formats/result/plan-result.js";
import { PLAN_VERSION } from "../formats/result/plan-result.js";
import type { Scenario } from "../formats/scenario/scenario.js";
import { findProfile, unknownReleaseText } from "../releases/profiles.js";
import { keyOf, monteCarlo, type MonteCarloControl } from "./monte-carlo.js";
import { type Growth, nodeJoinsUs, ownHorizonUs, packCase, type PlanCase } from "./plan-case.js";
import { caseOfRun, type PlanQuestion, runSeed, type UncertainRange } from "./plan-question.js";
import { summarize } from "./plan-summary.js";
import type { RunOutcome } from "./run-outcome.js";
import { type RunThreads, startThreads } from "./run-threads.js";

export interface PlanOptions {
  /** Version of ipamlab, for the result document. */
  readonly version: string;
  readonly runs: number;
  /** Threads; the result is the same for any number. */
  readonly workers: number;
  /** When runs end; undefined: as the scenario says. */
  readonly horizonUs: number | undefined;
  readonly hasTunnels: boolean;
  readonly nodeGrowth: Growth | null;
  readonly ranges: readonly UncertainRange[];
  /** Wall time, in milliseconds, after which nothing further is begun; Infinity is none. */
  readonly timeBudgetMs: number;
  /** Monotonic time in milliseconds. */
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
  /** Lets signals and I/O have their turn. */
  readonly turn: () => Promise<void>;
  onProgress?(what: string, done: number, of: number): void;
}

const DAY_US = 86_400e6;

const METHOD =
  "Monte Carlo on Calico's allocator reduced to counts (which block serves each pod, not which " +
  "address): chosen because capacity needs no timing. Time-outs, retries, concurrency and garbage " +
  "collection are not in it.";

function questionOf(scenario: Scenario, options: PlanOptions): PlanQuestion {
  const { horizonUs = ownHorizonUs(scenario), hasTunnels, nodeGrowth, ranges } = options;
  if (scenario.initialState !== undefined) {
    const message = "not supported: plan starts from an empty cluster, initialState is not read";
    throw new BadInput({ file: scenario.file, field: "initialState", message });
  }
  if (nodeGrowth !== null && horizonUs === Infinity) {
    const message = "growth needs an end: give --horizon, or simulation.duration in the scenario";
    throw new BadInput({ file: scenario.file, message });
  }
  const planned: PlanCase = { scenario, horizonUs, hasTunnels, nodeGrowth };
  return { planned: packCase(planned), settings: {}, ranges, seed: scenario.seed };
}

/** One run with Calico's whole protocol beside it. */
async function witnessed(threads: RunThreads, question: PlanQuestion): Promise<RunOutcome> {
  const batch = { key: keyOf(question), question, from: 0, count: 1, isWitnessed: true };
  return (await threads.perform(batch))[0]!;
}

function witnessText({ witness, endUs }: RunOutcome): PlanResult["protocol"] {
  const { compared, apiRequests } = witness!;
  const apiRequestsPerDay = endUs === 0 ? null : (apiRequests * DAY_US) / endUs;
  return { compared, apiRequestsPerDay };
}

/**
 * Answers how likely allocations are to fail within the horizon. Same scenario, seed and number of
 * runs give the same result on any machine and any number of workers.
 *
 * @throws BadInput for what cannot be planned; InvariantViolation when the counts and Calico's
 *   protocol disagree.
 */
export async function createPlan(scenario: Scenario, options: PlanOptions): Promise<PlanResult> {
  const profile = findProfile(scenario.release);
  if (profile === undefined) {
    const message = unknownReleaseText(scenario.release);
    throw new BadInput({ file: scenario.file, field: "release", message });
  }
  const question = questionOf(scenario, options);
  const { nowMs, signal, turn, runs } = options;
  const control: MonteCarloControl = {
    nowMs,
    deadlineMs: nowMs() + options.timeBudgetMs,
    signal,
    turn,
    onProgress: (done, of) => options.onProgress?.("runs", done, of),
  };
  const threads = startThreads(options.workers);
  try {
    const witness = await witnessed(threads, question);
    const outcomes = await monteCarlo(threads, question, { from: 0, count: runs }, control);
    // Stopped before the first run: the witness is run 0.
    if (outcomes.length === 0) outcomes.push({ ...witness, witness: null });
    const first = caseOfRun({ ...question, ranges: [] }, 0);
    const { ipamConfig, nodes, maxPods } = scenario;
    const pools = scenario.pools.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const {
      pools: poolSummaries,
      kinds,
      ...summary
    } = summarize(
      outcomes,
      pools.map(({ name }) => name),
    );
    return {
      ipamlab: { document: "plan", documentVersion: PLAN_VERSION, version: options.version },
      scenario: { name: scenario.name, description: scenario.description, seed: scenario.seed },
      release: { name: profile.name, basis: profile.basis, provenance: profile.provenance },
      provenance: METHOD,
      runs: {
        asked: runs,
        done: outcomes.length,
        endedBy: outcomes.length === runs ? null : signal.aborted ? "interrupt" : "time budget",
      },
      inputs: {
        horizonUs: Number.isFinite(question.planned.horizonUs) ? question.planned.horizonUs : null,
        nodes: nodes.length,
        nodesJoining: nodeJoinsUs(first).length,
        maxPods,
        hasTunnels: options.hasTunnels,
        strictAffinity: ipamConfig.strictAffinity,
        maxBlocksPerHost: ipamConfig.maxBlocksPerHost,
        ranges: [...options.ranges],
      },
      protocol: witnessText(witness),
      ...summary,
      kinds: kinds.map(({ example: { run, ...example }, ...kind }) => ({
        ...kind,
        example: { ...example, seed: runSeed(scenario.seed, run) },
      })),
      pools: poolSummaries.map((pool, i) => {
        const { cidr, blockSize } = pools[i]!;
        const blocks = 2 ** (blockSize - cidr.prefix);
        return { ...pool, cidr: cidr.text, blockSize, addresses: cidr.size, blocks };
      }),
    } satisfies PlanResult;
  } finally {
    await threads.close();
  }
}
