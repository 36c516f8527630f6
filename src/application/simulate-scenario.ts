import { createHash } from "node:crypto";
import { churnResult } from "../analysis/churn-result.js";
import { CallFingerprint } from "../datastore/call-fingerprint.js";
import { BadInput, InvariantViolation } from "../failure/failure.js";
import type { SimulationResult } from "../formats/result/simulation-result.js";
import type { Scenario, TraceExecutor } from "../formats/scenario/scenario.js";
import type { TextSourceOptions } from "../formats/text-source.js";
import { Trace } from "../formats/traces/trace.js";
import { findProfile, type ReleaseProfile, unknownReleaseText } from "../releases/profiles.js";
import { ChurnRun, type ChurnWorld } from "../simulation/churn-run.js";
import { RandomStreams } from "../simulation/random-streams.js";
import { mergeEvents } from "../workload/merged-events.js";
import { createPlacement, type Placement } from "../workload/placement.js";

export interface SimulateOptions extends TextSourceOptions {
  /** Version of ipamlab, for the result document. */
  readonly version: string;
  /** Runs with this profile instead of the scenario's release. */
  readonly profile?: ReleaseProfile | undefined;
  /** Whether to hash every call, for comparing runs call by call; costs a few percent. */
  readonly fingerprint?: boolean | undefined;
  /** Stops the run after the current batch; the result then says `completed: false`. */
  readonly signal?: AbortSignal | undefined;
  /** Called after every batch of about a thousand events; may wait. */
  readonly onProgress?: ((progress: SimulateProgress) => Promise<void>) | undefined;
}

export interface SimulateProgress {
  readonly operations: number;
  readonly timeUs: number;
  readonly addressesInUse: number;
  readonly failed: number;
}

/** One executor of the workload, ready to run. */
interface RunningTrace {
  readonly executor: TraceExecutor;
  readonly trace: Trace;
  readonly placement: Placement;
  /** Before pod names, so that those of several executors differ. */
  readonly prefix: string;
}

function profileOf(scenario: Scenario): ReleaseProfile {
  const profile = findProfile(scenario.release);
  if (profile === undefined) {
    const message = unknownReleaseText(scenario.release);
    throw new BadInput({ file: scenario.file, field: "release", message });
  }
  return profile;
}

/** Identity of what is simulated: the scenario as it was understood, wherever its file lies. */
function hashOf(scenario: Scenario): string {
  const {
    file: _file,
    name: _name,
    description: _description,
    release: _release,
    seed: _seed,
    workload,
    pools,
    ...rest
  } = scenario;
  const understood = {
    ...rest,
    pools: pools.map((pool) => ({ ...pool, cidr: pool.cidr.text })),
    workload: workload.map(({ file: _path, ...executor }) => executor),
  };
  return createHash("sha256").update(JSON.stringify(understood)).digest("hex");
}

function summary(fingerprint: CallFingerprint | undefined): SimulationResult["fingerprint"] {
  if (fingerprint === undefined) return null;
  const { calls, addresses } = fingerprint;
  return { calls, addresses, hash: fingerprint.digest() };
}

function startTraces(
  scenario: Scenario,
  random: RandomStreams,
  options: SimulateOptions,
): RunningTrace[] {
  return scenario.workload.map((executor, i) => {
    const stream = random.stream(`placement/${i}`);
    return {
      executor,
      trace: new Trace(executor.file, { ...options, ...executor }),
      placement: createPlacement(executor.placement, scenario.nodes.length, stream),
      prefix: scenario.workload.length === 1 ? "" : `${i}/`,
    };
  });
}

/**
 * Runs a scenario: each pod that comes asks Calico's allocator for its addresses, each that goes
 * gives them back. Same scenario and seed give the same result, byte for byte.
 *
 * @throws BadInput for a trace that cannot be read; InvariantViolation, with what replays it, when
 *   the model contradicts itself.
 */
export async function simulateScenario(
  scenario: Scenario,
  options: SimulateOptions,
): Promise<SimulationResult> {
  const profile = options.profile ?? profileOf(scenario);
  const random = new RandomStreams(scenario.seed);
  const world: ChurnWorld = {
    release: profile.behaviours,
    pools: scenario.pools,
    config: scenario.ipamConfig,
    reservations: scenario.reservations,
    nodes: scenario.nodes,
  };
  const fingerprint = options.fingerprint === true ? new CallFingerprint() : undefined;
  const run = new ChurnRun(world, random, fingerprint);
  const traces = startTraces(scenario, random, options);
  let completed = true;
  let firstUs: number | undefined;
  let lastUs = 0;
  try {
    for await (const batch of mergeEvents(traces.map(({ trace }) => trace.events()))) {
      for (const { timeUs, kind, pod, source } of batch) {
        const { placement, prefix } = traces[source]!;
        if (kind === "add") {
          run.add(prefix + pod, placement.place(), timeUs);
        } else {
          const node = run.remove(prefix + pod, timeUs);
          if (node !== undefined) placement.release(node);
        }
        firstUs ??= timeUs;
        lastUs = timeUs;
      }
      await options.onProgress?.({
        operations: run.operations,
        timeUs: lastUs,
        addressesInUse: run.addressesInUse,
        failed: run.measures.assignFailed,
      });
      if (options.signal?.aborted === true) {
        completed = false;
        break;
      }
    }
    run.check();
  } catch (error) {
    if (!(error instanceof InvariantViolation)) throw error;
    const place = `operation ${run.operations + 1}, scenario ${scenario.file}, seed ${scenario.seed}`;
    throw new InvariantViolation(error.invariant, `${error.detail} (at ${place})`);
  }
  return churnResult(run, world, {
    version: options.version,
    scenario: {
      name: scenario.name,
      description: scenario.description,
      seed: scenario.seed,
      sha256: hashOf(scenario),
    },
    release: { name: profile.name, basis: profile.basis, provenance: profile.provenance },
    completed,
    workload: traces.map(({ executor, trace }) => ({
      executor: executor.executor,
      format: trace.statistics.format ?? executor.format,
      placement: executor.placement,
      rows: trace.statistics.rows,
      adds: trace.statistics.adds,
      deletes: trace.statistics.deletes,
      skippedRows: { ...trace.statistics.skipped },
    })),
    timeUs: { first: firstUs ?? 0, last: lastUs },
    fingerprint: summary(fingerprint),
  });
}
