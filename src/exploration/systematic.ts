import type { FaultError } from "../datastore/fault-injector.js";
import type { Kind, Verb } from "../datastore/request.js";
import type { ReleaseProfile } from "../releases/profiles.js";
import { Cluster, type ClusterEdit, type ClusterPlan } from "./cluster.js";
import {
  describeDeadline,
  describeFault,
  Engine,
  type PlannedClient,
  type Scheduler,
} from "./engine.js";
import { describeOperation, type Operation } from "./operation.js";
import { FAULT_ERRORS } from "./random-run.js";
import { RACE_SETTINGS, RACERS, type Scenario, SCENARIOS, SMALL_CLUSTER } from "./scenarios.js";

/** What befalls the operation of a systematic case, in the order of how little it takes. */
export type Cause = "nothing" | "race" | "fault" | "deadline" | "death";

/**
 * Names of the systematic cases, which stand where a seed stands:
 *
 * - `sweep:<scenario>`: the operation alone, nothing fails;
 * - `sweep:<scenario>/<verb>-<kind>-<nth>/<error>/<before|after>`: one fault, before or after effect;
 * - `sweep:<scenario>/deadline-<n>/<before|after>`: the caller's time is up in call n, before or
 *   after it takes effect;
 * - `sweep:<scenario>/dies-<n>`: the client dies after n steps;
 * - `race:<setting>/<first>/<second>/<n>-<m>`: the first operation goes n steps, then the second m
 *   steps, then the first to its end, then the second.
 */
const PREFIX = /^(sweep|race):/;

export function isSystematicSeed(seed: string): boolean {
  return PREFIX.test(seed);
}

/** A case made ready to run on an engine. */
export interface SystematicCase {
  readonly plan: ClusterPlan;
  run(engine: Engine): void;
}

type Fate = Omit<PlannedClient, "operation">;

const NO_FATE: Fate = { faults: [], deadline: null, diesAfter: null };

function alone(operation: Operation): PlannedClient {
  return { operation, ...NO_FATE };
}

/** The operation comes after its preparations, each of which ran alone. */
function caseOf(
  setUp: readonly Operation[],
  edits: readonly ClusterEdit[],
  clients: readonly PlannedClient[],
  choose: Scheduler,
): SystematicCase {
  return {
    plan: SMALL_CLUSTER,
    run: (engine) => {
      for (const operation of setUp) engine.round([], [alone(operation)], firstOf);
      engine.round(edits, clients, choose);
    },
  };
}

const firstOf: Scheduler = (steppable) => steppable[0]!;

/** The first client goes n steps, then the second m, then the first to its end, then the second. */
function twoSwitches(firstSteps: number, secondSteps: number): Scheduler {
  const gone = [0, 0];
  return (steppable) => {
    const isSecondsTurn = gone[0]! >= firstSteps && gone[1]! < secondSteps;
    const wanted = isSecondsTurn ? 1 : 0;
    const chosen = steppable.includes(wanted) ? wanted : steppable[0]!;
    gone[chosen]!++;
    return chosen;
  };
}

function noSuchCase(seed: string): never {
  throw new RangeError(`there is no systematic case "${seed}"`);
}

const FAULT_NAME = /^([a-z]+)-([a-zA-Z]+)-(\d+)\/([a-zA-Z]+)\/(before|after)$/;

function parseFate(seed: string, fate: string): Fate {
  const death = /^dies-(\d+)$/.exec(fate);
  if (death !== null) return { ...NO_FATE, diesAfter: Number(death[1]) };
  const late = /^deadline-([1-9]\d*)\/(before|after)$/.exec(fate);
  if (late !== null) {
    const deadline = { afterCalls: Number(late[1]) - 1, lastTakesEffect: late[2] === "after" };
    return { ...NO_FATE, deadline };
  }
  const match = FAULT_NAME.exec(fate);
  if (match === null) noSuchCase(seed);
  const [, verb, kind, nth, error, when] = match;
  if (!(FAULT_ERRORS as readonly string[]).includes(error!)) noSuchCase(seed);
  const fault = {
    verb: verb as Verb,
    kind: kind as Kind,
    nth: Number(nth),
    error: error as FaultError,
    afterEffect: when === "after",
  };
  return { ...NO_FATE, faults: [fault] };
}

interface Fated {
  readonly scenario: Scenario;
  readonly client: PlannedClient;
}

function parseSweep(seed: string): Fated {
  const rest = seed.replace(PREFIX, "");
  const slash = rest.indexOf("/");
  const name = slash < 0 ? rest : rest.slice(0, slash);
  const scenario = SCENARIOS.find((candidate) => candidate.name === name);
  if (scenario === undefined) noSuchCase(seed);
  const fate = slash < 0 ? NO_FATE : parseFate(seed, rest.slice(slash + 1));
  return { scenario, client: { operation: scenario.operation, ...fate } };
}

interface Race {
  readonly setUp: readonly Operation[];
  readonly first: Operation;
  readonly second: Operation;
  readonly firstSteps: number;
  readonly secondSteps: number;
}

function parseRace(seed: string): Race {
  const match = /^race:([^/]+)\/([^/]+)\/([^/]+)\/(\d+)-(\d+)$/.exec(seed);
  const [, setting, firstName, secondName, firstSteps, secondSteps] = match ?? noSuchCase(seed);
  const setUp = RACE_SETTINGS[setting!];
  const first = RACERS[firstName!];
  const second = RACERS[secondName!];
  if (setUp === undefined || first === undefined || second === undefined) noSuchCase(seed);
  return { setUp, first, second, firstSteps: Number(firstSteps), secondSteps: Number(secondSteps) };
}

/**
 * Makes the systematic case of this name.
 *
 * @throws RangeError when there is none.
 */
export function makeCase(seed: string): SystematicCase {
  if (seed.startsWith("race:")) {
    const { setUp, first, second, firstSteps, secondSteps } = parseRace(seed);
    return caseOf(setUp, [], [alone(first), alone(second)], twoSwitches(firstSteps, secondSteps));
  }
  const { scenario, client } = parseSweep(seed);
  return caseOf(scenario.setUp, scenario.edits ?? [], [client], firstOf);
}

/** What happens in a systematic case, in words: the operation, and what befalls it. */
export function describeCase(seed: string): string {
  if (seed.startsWith("race:")) {
    const { first, second, firstSteps, secondSteps } = parseRace(seed);
    return (
      `${describeOperation(first)}, after ${firstSteps} steps interrupted by ` +
      `${secondSteps} steps of ${describeOperation(second)}`
    );
  }
  const { client } = parseSweep(seed);
  const operation = describeOperation(client.operation);
  if (client.diesAfter !== null)
    return `${operation}: the client dies after ${client.diesAfter} steps`;
  if (client.deadline !== null) return `${operation}: ${describeDeadline(client.deadline)}`;
  const [fault] = client.faults;
  return fault === undefined ? operation : `${operation}: ${describeFault(fault)}`;
}

/** One systematic case by name, with what befalls it. */
export interface NamedCase {
  readonly seed: string;
  readonly cause: Cause;
}

/** The number of steps and the calls of an operation when nothing befalls it. */
function measure(
  profile: ReleaseProfile,
  setUp: readonly Operation[],
  scenario: Partial<Scenario>,
) {
  const cluster = new Cluster(profile.behaviours, SMALL_CLUSTER);
  const engine = new Engine(cluster, SMALL_CLUSTER);
  const operation = scenario.operation!;
  for (const earlier of setUp) engine.round([], [alone(earlier)], firstOf);
  const before = engine.steps;
  const round = engine.round(scenario.edits ?? [], [alone(operation)], firstOf);
  return { steps: engine.steps - before, calls: round.calls };
}

const KIND_OF_LIST: Readonly<Record<string, Kind>> = {
  blocks: "block",
  affinities: "affinity",
  handles: "handle",
  pools: "pool",
  reservations: "reservation",
};

/** The kind of the object of a recorded call, from its first word. */
function kindOf(verb: string, object: string): Kind {
  const word = object.split(" ", 1)[0]!;
  if (verb === "list") return KIND_OF_LIST[word]!;
  // Reading a host object is recorded as a read of its affinities.
  return word === "affinities" ? "ipamHost" : (word as Kind);
}

/** How many calls behind the undisturbed last one a fault may also hit: retries make new calls. */
const CALLS_MORE = 1;

/** Every single fault and deadline at every call of every scenario, and death after every step. */
export function* sweepCases(profile: ReleaseProfile): Generator<NamedCase, void, undefined> {
  for (const scenario of SCENARIOS) {
    const base = `sweep:${scenario.name}`;
    yield { seed: base, cause: "nothing" };
    const { steps, calls } = measure(profile, scenario.setUp, scenario);
    const seen = new Map<string, number>();
    for (const [, verb, object] of calls) {
      if (object === "lock") continue;
      const request = `${verb}-${kindOf(verb, object)}`;
      seen.set(request, (seen.get(request) ?? 0) + 1);
    }
    for (const [request, count] of seen) {
      for (let nth = 1; nth <= count + CALLS_MORE; nth++) {
        for (const error of FAULT_ERRORS) {
          yield { seed: `${base}/${request}-${nth}/${error}/before`, cause: "fault" };
          const isRead = request.startsWith("get") || request.startsWith("list");
          if (isRead) continue;
          yield { seed: `${base}/${request}-${nth}/${error}/after`, cause: "fault" };
        }
      }
    }
    for (let n = 1; n <= calls.length; n++) {
      yield { seed: `${base}/deadline-${n}/before`, cause: "deadline" };
      yield { seed: `${base}/deadline-${n}/after`, cause: "deadline" };
    }
    for (let n = 1; n < steps; n++) yield { seed: `${base}/dies-${n}`, cause: "death" };
  }
}

/** Every pair of racing operations, with every two places to switch between them. */
export function* raceCases(profile: ReleaseProfile): Generator<NamedCase, void, undefined> {
  for (const [setting, setUp] of Object.entries(RACE_SETTINGS)) {
    const steps = new Map<string, number>();
    for (const [name, operation] of Object.entries(RACERS)) {
      steps.set(name, measure(profile, setUp, { operation }).steps);
    }
    for (const [first, firstSteps] of steps) {
      for (const [second, secondSteps] of steps) {
        for (let n = 1; n < firstSteps; n++) {
          for (let m = 1; m <= secondSteps; m++) {
            yield { seed: `race:${setting}/${first}/${second}/${n}-${m}`, cause: "race" };
          }
        }
      }
    }
  }
}
