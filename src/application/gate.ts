import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { runFigures } from "../analysis/comparison/run-figures.js";
import { checkFigures, type MeasuredRun } from "../analysis/gate/check-figures.js";
import type { GateCheck, GateReport } from "../analysis/gate/gate-check.js";
import { checkThroughput, REPETITIONS, type Slowdown } from "../analysis/gate/slowdown.js";
import { BadInput } from "../failure/failure.js";
import {
  type Baseline,
  BASELINE_VERSION,
  type BaselineEntry,
  BaselineSchema,
  type Machine,
  type Throughput,
} from "../formats/result/baseline.js";
import { readResult } from "../formats/result/read-result.js";
import { RESULT_VERSION, type SimulationResult } from "../formats/result/simulation-result.js";
import type { Scenario } from "../formats/scenario/scenario.js";
import { measureThroughput } from "./measure-throughput.js";
import { readScenario } from "./read-scenario.js";
import { simulateScenario } from "./simulate-scenario.js";

export interface GateOptions {
  /** Version of ipamlab. */
  readonly version: string;
  readonly signal?: AbortSignal | undefined;
  /** Called when something else begins; may wait. */
  readonly onStep?: ((text: string) => Promise<void>) | undefined;
  /** Where throughput is measured; undefined: it is not. */
  readonly machine?: Machine | undefined;
}

interface Run {
  readonly result: SimulationResult;
  readonly measured: MeasuredRun;
}

async function simulate(scenario: Scenario, options: GateOptions): Promise<Run> {
  const result = await simulateScenario(scenario, {
    version: options.version,
    fingerprint: true,
    signal: options.signal,
    onProgress: async () => {
      await nextTurn();
    },
  });
  options.signal?.throwIfAborted();
  const { fingerprint, thresholds } = result;
  if (fingerprint === null) throw new TypeError("a run with fingerprint has none");
  const { figures } = runFigures(result);
  return { result, measured: { figures, fingerprint, thresholds } };
}

type Identity = Pick<BaselineEntry, "scenario" | "release" | "seed">;

/** Hash over what an entry's figures rest on, so that a baseline is never taken for another one. */
function provenanceOf({ scenario, release, seed }: Identity): string {
  const parts = [BASELINE_VERSION, RESULT_VERSION, scenario.sha256, release, seed];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

function identityOf({ scenario, release }: SimulationResult): Identity {
  const { name, sha256, seed } = scenario;
  return { scenario: { name, sha256 }, release: release.name, seed };
}

function throughputOf(scenario: Scenario, file: string, options: GateOptions): Promise<number[]> {
  const { version, signal, onStep } = options;
  const { name, release, seed } = scenario;
  return measureThroughput(
    { file, release, seed, version },
    {
      signal,
      onRepetition: async (repetition) => {
        await onStep?.(`${name}: throughput, repetition ${repetition} of ${REPETITIONS}`);
      },
    },
  );
}

async function recordThroughput(
  scenario: Scenario,
  file: string,
  options: GateOptions,
): Promise<Throughput | null> {
  const { machine } = options;
  if (machine === undefined) return null;
  return { machine, ratios: await throughputOf(scenario, file, options) };
}

export interface RecordRequest {
  /** As `readScenario` takes it. */
  readonly file: string;
  /** Instead of the scenario's own. */
  readonly release?: string | undefined;
}

/** Records one scenario: its figures, its calls, and its throughput if that is measured. */
export async function recordEntry(
  { file, release }: RecordRequest,
  options: GateOptions,
): Promise<BaselineEntry> {
  const read = await readScenario(file);
  const scenario = { ...read, release: release ?? read.release };
  await options.onStep?.(`${scenario.name}: simulating`);
  const { result, measured } = await simulate(scenario, options);
  const identity = identityOf(result);
  return {
    file,
    ...identity,
    provenance: provenanceOf(identity),
    fingerprint: measured.fingerprint,
    figures: measured.figures.map((figure) => ({ ...figure })),
    accepted: [],
    throughput: await recordThroughput(scenario, file, options),
  };
}

/** A baseline with these entries; those of the same file and release are replaced, others are kept. */
export function withEntries(
  baseline: Baseline | undefined,
  entries: readonly BaselineEntry[],
  version: string,
): Baseline {
  const isReplaced = (old: BaselineEntry) =>
    entries.some(({ file, release }) => file === old.file && release === old.release);
  const kept = (baseline?.entries ?? []).filter((entry) => !isReplaced(entry));
  return {
    ipamlab: { document: "baseline", documentVersion: BASELINE_VERSION, version },
    entries: [...kept, ...entries],
  };
}

/** @throws BadInput when the file is no baseline. */
export function readBaseline(file: string): Promise<Baseline> {
  return readResult(file, BaselineSchema, "a baseline (ipamlab gate record)");
}

async function rerun(
  entry: BaselineEntry,
  baselineFile: string,
  options: GateOptions,
): Promise<Run & { readonly scenario: Scenario }> {
  const refuse = (message: string): never => {
    throw new BadInput({ file: baselineFile, field: entry.file, message });
  };
  if (provenanceOf(entry) !== entry.provenance) {
    refuse("its provenance hash is not that of its scenario, release and seed; record it anew");
  }
  const read = await readScenario(entry.file);
  const scenario = { ...read, release: entry.release, seed: entry.seed };
  await options.onStep?.(`${scenario.name}: simulating`);
  const run = await simulate(scenario, options);
  if (run.result.scenario.sha256 !== entry.scenario.sha256) {
    refuse(
      "was recorded of another scenario: the file has changed since; if that is meant, record it " +
        "anew with ipamlab gate record",
    );
  }
  return { ...run, scenario };
}

const percent = (share: number) => `${share >= 0 ? "+" : ""}${(share * 100).toFixed(1)} %`;

function slowdownText({ shift, p, spread, shiftMin }: Slowdown): string {
  const judged =
    `the ratios spread by ${(spread * 100).toFixed(1)} %: less than ` +
    `${percent(shiftMin)} is not judged`;
  return `${percent(shift)} processor time (p ${p.toPrecision(2)}; ${judged})`;
}

function sameMachine(a: Machine, b: Machine): boolean {
  return a.platform === b.platform && a.arch === b.arch && a.cpu === b.cpu && a.node === b.node;
}

const machineText = ({ platform, arch, cpu, node }: Machine) =>
  `${cpu}, ${platform}/${arch}, Node.js ${node}`;

/** Refuses to compare throughput across machines. */
function checkMachine(entry: BaselineEntry, machine: Machine, baselineFile: string): void {
  const recorded = entry.throughput?.machine;
  if (recorded === undefined || sameMachine(recorded, machine)) return;
  throw new BadInput({
    file: baselineFile,
    field: entry.file,
    message:
      `its throughput was recorded on another machine (${machineText(recorded)}; this is ` +
      `${machineText(machine)}); record it here, or check with --no-throughput`,
  });
}

async function throughputCheck(
  scenario: Scenario,
  { file, throughput }: BaselineEntry,
  options: GateOptions,
): Promise<GateCheck | undefined> {
  if (throughput === null || options.machine === undefined) return undefined;
  const { passed, first, second } = await checkThroughput(throughput.ratios, () =>
    throughputOf(scenario, file, options),
  );
  const again =
    second === undefined
      ? ""
      : `; measured again: ${slowdownText(second)}, ${passed ? "not confirmed" : "confirmed"}`;
  return {
    name: "throughput",
    kind: "throughput",
    passed,
    detail: `${slowdownText(first)}${again}`,
    unit: "ratio",
    before: null,
    after: (second ?? first).shift,
  };
}

/** Checks one entry of a baseline; its scenario is run again. */
export async function checkEntry(
  entry: BaselineEntry,
  baselineFile: string,
  options: GateOptions,
): Promise<GateReport> {
  if (options.machine !== undefined) checkMachine(entry, options.machine, baselineFile);
  const { result, measured, scenario } = await rerun(entry, baselineFile, options);
  const checks = checkFigures(entry, measured);
  const throughput = await throughputCheck(scenario, entry, options);
  if (throughput !== undefined) checks.push(throughput);
  return {
    file: entry.file,
    scenario: entry.scenario.name,
    release: entry.release,
    seed: entry.seed,
    provenance: `${result.provenance}; ${entry.release} rests on ${result.release.provenance}`,
    checks,
  };
}

/**
 * The entry with what has changed since, and why. With `metrics`, all other changes stay changes.
 *
 * @param metrics names of metrics, and `calls`; undefined for all.
 */
export async function acceptEntry(
  entry: BaselineEntry,
  baselineFile: string,
  change: { readonly reason: string; readonly metrics: readonly string[] | undefined },
  options: GateOptions,
): Promise<BaselineEntry> {
  const { measured } = await rerun(entry, baselineFile, options);
  const isMeant = (name: string) => change.metrics?.includes(name) ?? true;
  const accepted: BaselineEntry["accepted"] = [];
  const figures: BaselineEntry["figures"] = [];
  for (const before of entry.figures) {
    const after = measured.figures.find(({ name }) => name === before.name);
    const to = after?.value ?? null;
    if (!isMeant(before.name) || (after !== undefined && to === before.value)) {
      figures.push(before);
      continue;
    }
    accepted.push({ metric: before.name, from: before.value, to, reason: change.reason });
    if (after !== undefined) figures.push({ ...after });
  }
  const known = new Set(entry.figures.map(({ name }) => name));
  for (const figure of measured.figures) {
    if (!known.has(figure.name) && isMeant(figure.name)) figures.push({ ...figure });
  }
  const callsChanged = entry.fingerprint.hash !== measured.fingerprint.hash && isMeant("calls");
  if (callsChanged) {
    const { calls: from } = entry.fingerprint;
    accepted.push({ metric: "calls", from, to: measured.fingerprint.calls, reason: change.reason });
  }
  return {
    ...entry,
    figures,
    fingerprint: callsChanged ? measured.fingerprint : entry.fingerprint,
    accepted: [...entry.accepted, ...accepted],
  };
}
