import { addressBits } from "../model/address.js";
import { BadInput } from "../failure/failure.js";
import type { PlanResult } from "../formats/result/plan-result.js";
import { PLAN_VERSION } from "../formats/result/plan-result.js";
import type { InitialState, Scenario } from "../formats/scenario/scenario.js";
import { findProfile, unknownReleaseText } from "../releases/profiles.js";
import { type InitialClaims, readClaims } from "./initial-claims.js";
import { SeedError, seedCluster } from "../cluster-state/seed-cluster.js";
import type { ClusterDump } from "../formats/cluster/cluster-dump.js";
import { readClusterDump } from "../formats/cluster/read-cluster-dump.js";
import { keyOf, monteCarlo, type MonteCarloControl } from "./monte-carlo.js";
import {
  type Growth,
  isInTime,
  nodeJoinsUs,
  ownHorizonUs,
  packCase,
  type PlanCase,
} from "./plan-case.js";
import { caseOfRun, type PlanQuestion, runSeed, type UncertainRange } from "./plan-question.js";
import type { PlanSettings } from "./plan-settings.js";
import { summarize } from "./plan-summary.js";
import { crossChecks } from "./cross-check.js";
import { headroomInNodes, headroomInPods } from "./headroom.js";
import { estimateRareEvent } from "./rare-estimate.js";
import { RiskProbe } from "./risk-probe.js";
import { inputEffects, variedInputs } from "./sensitivity.js";
import { SettingsSearch } from "./settings-search.js";
import type { RunOutcome, WitnessedCost } from "./run-outcome.js";
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
  /** Whether an address from another node's block counts as a failure. */
  readonly isBorrowingFailure: boolean;
  /** Whether to plan on counts even where the scenario says `model: cluster`. */
  readonly isTimingIgnored: boolean;
  readonly nodeGrowth: Growth | null;
  readonly ranges: readonly UncertainRange[];
  /** The risk that is taken for acceptable. */
  readonly target: number;
  /** Runs of each question of headroom, search and sensitivity. */
  readonly probeRuns: number;
  readonly seeksHeadroom: boolean;
  readonly seeksSettings: boolean;
  readonly seeksSensitivity: boolean;
  /** Whether to estimate risks below what plain runs can tell. */
  readonly seeksRareEvents: boolean;
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

/** Of multilevel splitting. */
const REPLICATIONS = 20;
const EFFORT = 200;

const METHOD =
  "Monte Carlo on Calico's allocator reduced to counts (which block serves each pod, not which " +
  "address): chosen because capacity needs no timing. Time-outs, retries, concurrency and garbage " +
  "collection are not in it.";

const METHOD_IN_TIME =
  "Monte Carlo on the cluster model, because the scenario says model: cluster: kubelets, plugin, " +
  "locks, client limits and a datastore in simulated time, so that an ADD may run out of time; the " +
  "times rest on the assumptions that ipamlab simulate lists. A failed ADD is tried again, and counts " +
  "each time. Blocks and addresses of pools are looked at every few thousand events. Slow: with " +
  "--ignore-timing plan counts addresses, many times as fast.";

/** What a scenario of the cluster model is told when it is planned without it. */
const WITHOUT_TIMING = " The scenario's sections datastore and node are not looked at.";

function withoutTiming(scenario: Scenario): Scenario {
  return { ...scenario, simulation: { ...scenario.simulation, model: "allocator" } };
}

/** What the cluster model cannot be asked. */
function refuseInTime({ file, initialState }: Scenario, options: PlanOptions): void {
  const refused = [
    [options.isBorrowingFailure, "--borrowing-fails"],
    [options.hasTunnels, "--tunnels (nodes take what the pools' modes say)"],
    [options.seeksRareEvents, "--rare"],
    [initialState !== undefined, "initialState"],
  ] as const;
  const what = refused.find(([isAsked]) => isAsked)?.[1];
  if (what === undefined) return;
  const message = `not supported with model: cluster: ${what}; with --ignore-timing it is`;
  throw new BadInput({ file, message });
}

function questionOf(
  scenario: Scenario,
  options: PlanOptions,
  initial: InitialClaims | null,
): PlanQuestion {
  const { horizonUs = ownHorizonUs(scenario), hasTunnels, nodeGrowth, ranges } = options;
  const { isBorrowingFailure } = options;
  if (scenario.changes.length > 0) {
    const message = "not supported: plan does not change the cluster meanwhile";
    throw new BadInput({ file: scenario.file, field: "changes", message });
  }
  if (nodeGrowth !== null && horizonUs === Infinity) {
    const message = "growth needs an end: give --horizon, or simulation.duration in the scenario";
    throw new BadInput({ file: scenario.file, message });
  }
  const planned: PlanCase = {
    scenario,
    horizonUs,
    hasTunnels,
    isBorrowingFailure,
    initial,
    nodeGrowth,
  };
  return { planned: packCase(planned), settings: {}, ranges, seed: scenario.seed };
}

/**
 * Requests to the Kubernetes API server in a day: what an assignment and a release cost where the
 * protocol was performed, times how many of them the runs have in a day.
 */
function perDay(cost: WitnessedCost, outcomes: readonly RunOutcome[]): number | null {
  const sum = (of: (outcome: RunOutcome) => number) =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const days = sum(({ endUs }) => endUs) / DAY_US;
  if (days === 0) return null;
  const releases = sum((outcome) => outcome.releases);
  const assignments = sum(({ operations }) => operations) - releases;
  const anAssignment = cost.assignRequests / Math.max(1, cost.assignments);
  const aRelease = cost.releases === 0 ? anAssignment : cost.releaseRequests / cost.releases;
  return (assignments * anAssignment + releases * aRelease) / days;
}

/** The same where the runs make the requests themselves; null where they do not. */
function requestsPerDay(outcomes: readonly RunOutcome[]): number | null {
  const [first] = outcomes;
  if (first === undefined || first.apiRequests === null) return null;
  const days = outcomes.reduce((sum, { endUs }) => sum + endUs, 0) / DAY_US;
  return outcomes.reduce((sum, { apiRequests }) => sum + apiRequests!, 0) / days;
}

function protocolOf(
  witness: RunOutcome | undefined,
  outcomes: readonly RunOutcome[],
): PlanResult["protocol"] {
  if (witness !== undefined) {
    const apiRequestsPerDay = perDay(witness.witness!, outcomes);
    const { compared } = witness.witness!;
    return { compared, apiRequestsPerDay, measuredUs: witness.endUs };
  }
  const apiRequestsPerDay = requestsPerDay(outcomes);
  if (apiRequestsPerDay === null) return null;
  return { compared: 0, apiRequestsPerDay, measuredUs: outcomes[0]!.endUs };
}

/** All questions of one plan, asked one after the other on the same threads. */
class Planner {
  readonly #deadlineMs: number;

  constructor(
    private readonly threads: RunThreads,
    private readonly question: PlanQuestion,
    private readonly planned: PlanCase,
    private readonly options: PlanOptions,
  ) {
    this.#deadlineMs = options.nowMs() + options.timeBudgetMs;
  }

  control(what: string): MonteCarloControl {
    const { nowMs, signal, turn } = this.options;
    const onProgress = (done: number, of: number) => this.options.onProgress?.(what, done, of);
    return { nowMs, deadlineMs: this.#deadlineMs, signal, turn, onProgress };
  }

  /** The beginning of one run with Calico's whole protocol beside it. */
  async witness(settings: PlanSettings = {}): Promise<RunOutcome> {
    const question = { ...this.question, settings };
    const batch = { key: keyOf(question), question, from: 0, count: 1, isWitnessed: true };
    return (await this.threads.run(batch))[0]!;
  }

  /** Not empty: without time for any run, there is still the first. */
  async outcomes(): Promise<RunOutcome[]> {
    const range = { from: 0, count: this.options.runs };
    const outcomes = await monteCarlo(this.threads, this.question, range, this.control("runs"));
    if (outcomes.length > 0) return outcomes;
    const batch = { key: "first", question: this.question, from: 0, count: 1, isWitnessed: false };
    return this.threads.run(batch);
  }

  #probe(what: string): RiskProbe {
    const { target, probeRuns: runs } = this.options;
    return new RiskProbe(this.threads, this.question, { target, runs }, this.control(what));
  }

  async headroom(podsAtPeak: number): Promise<PlanResult["headroom"]> {
    if (!this.options.seeksHeadroom) return null;
    const probe = this.#probe("headroom");
    return {
      runs: probe.runs,
      nodes: (await headroomInNodes(probe, this.planned.scenario.nodes.length)) ?? null,
      pods: (await headroomInPods(probe, podsAtPeak)) ?? null,
    };
  }

  async search(): Promise<PlanResult["search"]> {
    if (!this.options.seeksSettings) return null;
    const { pools, ipamConfig: config, nodes } = this.planned.scenario;
    const probe = this.#probe("search");
    const search = new SettingsSearch(
      probe,
      { pools, config, nodes: nodes.length },
      async (settings, outcomes) => {
        if (isInTime(this.planned)) return requestsPerDay(outcomes);
        if (this.planned.initial !== null) return null;
        return perDay((await this.witness(settings)).witness!, outcomes);
      },
      (name) => this.options.onProgress?.(name, 0, probe.runs),
    );
    const { choices, ...found } = await search.run();
    return {
      ...found,
      runs: probe.runs,
      choices: choices.map(({ name, effort, meets, risk, summary, apiRequestsPerDay }) => ({
        name,
        effort,
        meets,
        ...risk,
        strandedP95: summary.strandedAtPeak.p95,
        routesP95: summary.routesPeak.p95,
        borrowedP95: summary.borrowedPeak.p95,
        apiRequestsPerDay,
      })),
    };
  }

  async rareEvent(): Promise<PlanResult["rareEvent"]> {
    const { seeksRareEvents, ranges } = this.options;
    if (!seeksRareEvents) return null;
    const { file, workload } = this.planned.scenario;
    const hasTrace = workload.some(({ executor }) => executor === "trace");
    if (ranges.length > 0 || hasTrace) {
      const what = hasTrace ? "a workload that is a trace" : "uncertain inputs";
      const message = `not supported: rare events of ${what}; without --rare it can be planned`;
      throw new BadInput({ file, message });
    }
    const options = { replications: REPLICATIONS, effort: EFFORT };
    const control = this.control("rare events");
    return (await estimateRareEvent(this.threads, this.question, options, control)) ?? null;
  }

  async sensitivity(): Promise<PlanResult["sensitivity"]> {
    if (!this.options.seeksSensitivity) return null;
    const { nodes, pools, seed } = this.planned.scenario;
    const { blockSize: present, cidr } = pools[0]!;
    const low = Math.max(cidr.prefix, present - 1);
    const high = Math.min(addressBits(cidr.version), present + 1);
    const inputs = variedInputs(this.options.ranges, nodes.length, { low, high });
    const effects = await inputEffects(this.#probe("sensitivity"), inputs, seed);
    return effects ?? null;
  }
}

/** What a scenario starts from: the dump that it names, or the one that its seeds make. */
async function initialDump(scenario: Scenario, state: InitialState): Promise<ClusterDump> {
  if (state.seed.length === 0) return readClusterDump(state.dump);
  const { pools, nodes } = scenario;
  try {
    return seedCluster(state.seed, { pools, nodes });
  } catch (error) {
    if (!(error instanceof SeedError)) throw error;
    const field = `initialState.seed[${error.index}]`;
    throw new BadInput({ file: scenario.file, field, message: error.message });
  }
}

/** What was asked, for the document. */
function inputsOf(planned: PlanCase, options: PlanOptions): PlanResult["inputs"] {
  const { scenario, initial } = planned;
  const { ipamConfig } = scenario;
  return {
    horizonUs: Number.isFinite(planned.horizonUs) ? planned.horizonUs : null,
    nodes: scenario.nodes.length,
    nodesJoining: nodeJoinsUs(planned).length,
    maxPods: scenario.maxPods,
    hasTunnels: options.hasTunnels,
    isBorrowingFailure: options.isBorrowingFailure,
    initial: initial && {
      blocks: initial.blocks.length,
      pods: initial.pods.length,
      leftOut: [...initial.leftOut],
    },
    strictAffinity: ipamConfig.strictAffinity,
    maxBlocksPerHost: ipamConfig.maxBlocksPerHost,
    ranges: [...options.ranges],
    target: options.target,
  };
}

/**
 * Answers how likely requests for addresses are to fail within the horizon, and what would change it.
 * Same scenario, seed and options give the same result on any machine and any number of workers, as
 * long as time does not run out.
 *
 * @throws BadInput for what cannot be planned; InvariantViolation when the counts and Calico's
 *   protocol disagree.
 */
export async function createPlan(asked: Scenario, options: PlanOptions): Promise<PlanResult> {
  const scenario = options.isTimingIgnored ? withoutTiming(asked) : asked;
  const profile = findProfile(scenario.release);
  if (profile === undefined) {
    const message = unknownReleaseText(scenario.release);
    throw new BadInput({ file: scenario.file, field: "release", message });
  }
  if (isInTime({ scenario })) refuseInTime(scenario, options);
  const { initialState } = scenario;
  const initial =
    initialState === undefined
      ? null
      : readClaims(await initialDump(scenario, initialState), initialState.pods);
  const question = questionOf(scenario, options, initial);
  const threads = startThreads(options.workers);
  try {
    const planned = caseOfRun({ ...question, ranges: [] }, 0);
    const planner = new Planner(threads, question, planned, options);
    const rareEvent = await planner.rareEvent();
    // The protocol would have to start from the dump's own objects, of which only counts are known.
    const witness = initial === null && !isInTime(planned) ? await planner.witness() : undefined;
    const outcomes = await planner.outcomes();
    const pools = scenario.pools.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const summary = summarize(
      outcomes,
      pools.map(({ name }) => name),
    );
    const joining = nodeJoinsUs(planned).length;
    const isWhole = outcomes.length === options.runs;
    return {
      ipamlab: { document: "plan", documentVersion: PLAN_VERSION, version: options.version },
      scenario: { name: scenario.name, description: scenario.description, seed: scenario.seed },
      release: { name: profile.name, basis: profile.basis, provenance: profile.provenance },
      method: isInTime(planned) ? "cluster model" : "counts",
      provenance: isInTime(planned)
        ? METHOD_IN_TIME
        : isInTime({ scenario: asked })
          ? METHOD + WITHOUT_TIMING
          : METHOD,
      runs: {
        asked: options.runs,
        done: outcomes.length,
        endedBy: isWhole ? null : options.signal.aborted ? "interrupt" : "time budget",
      },
      inputs: inputsOf(planned, options),
      protocol: protocolOf(witness, outcomes),
      ...summary,
      kinds: summary.kinds.map(({ example: { run, ...example }, ...kind }) => ({
        ...kind,
        example: { ...example, seed: runSeed(scenario.seed, run) },
      })),
      pools: summary.pools.map((pool, i) => {
        const { cidr, blockSize } = pools[i]!;
        const blocks = 2 ** (blockSize - cidr.prefix);
        return { ...pool, cidr: cidr.text, blockSize, addresses: cidr.size, blocks };
      }),
      rareEvent,
      headroom: await planner.headroom(summary.addressesPeak.mean),
      search: await planner.search(),
      sensitivity: await planner.sensitivity(),
      crossChecks: crossChecks(planned, scenario.nodes.length + joining, outcomes),
    };
  } finally {
    await threads.close();
  }
}
