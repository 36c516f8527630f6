import { basename, dirname, isAbsolute, join } from "node:path";
import { BadInput, type InputFault } from "../../failure/failure.js";
import { Cidr } from "../../model/cidr.js";
import type { Node } from "../../model/node.js";
import { makePool, type UsablePool } from "../../model/pool.js";
import { readText, STANDARD_INPUT, type TextSourceOptions, unreadable } from "../text-source.js";
import { readNodeList } from "../traces/node-list.js";
import { printable, quoted } from "../traces/printable.js";
import { crossFindings } from "./cross-checks.js";
import { nameRule } from "./field-rules.js";
import { newNodeNameFindings, newNodeNames } from "./new-node-names.js";
import { DEFAULT_NODE_PREFIX, nodeNames } from "./node-names.js";
import type { Executor, InitialState, Scenario } from "./scenario.js";
import {
  type CheckedScenario,
  NODE_COUNT_MAX,
  NodesCsvSchema,
  ScenarioSchema,
  scenarioJsonSchema,
} from "./scenario-schema.js";
import { type Finding, schemaFindings, valueAt } from "./schema-faults.js";
import type { NamedMetric } from "./threshold.js";
import { parseThreshold, type ThresholdExpression } from "./threshold-expression.js";
import { fieldText } from "./wording.js";
import { type FieldPath, YamlDocument } from "./yaml-document.js";

/** Longest scenario, in characters. Lists longer than this belong in a CSV file. */
const SCENARIO_LENGTH_MAX = 4 * 1024 * 1024;

/** Most faults that are shown of one scenario. */
const FAULTS_MAX = 100;

export interface ScenarioOptions extends TextSourceOptions {
  /** The releases that `release` may name, in the order in which they are shown. */
  readonly knownReleases: readonly string[];
  /** The known releases in short, for messages; all of them when absent. */
  readonly knownReleasesText?: string | undefined;
  /** The metrics that a threshold may name. */
  readonly knownMetrics: readonly NamedMetric[];
}

/** A path of the scenario: relative to the scenario's folder. */
function pathFrom(scenarioFile: string, path: string): string {
  if (path === STANDARD_INPUT || isAbsolute(path)) return path;
  return join(dirname(scenarioFile), path);
}

function faultOf(document: YamlDocument, { path, message, atKey }: Finding): InputFault {
  const place = document.place(path, atKey === true ? "key" : "value");
  return { file: document.file, ...place, field: fieldText(path), message };
}

/** Paths of the files that the scenario names, as far as they are texts. */
function namedFiles(content: unknown): FieldPath[] {
  const workload = valueAt(content, ["workload"]);
  const count = Array.isArray(workload) ? workload.length : 0;
  const executors = Array.from({ length: count }, (_, i) => ["workload", i, "file"]);
  const dump = valueAt(content, ["initialState", "dump"]);
  const dumps = Array.isArray(dump) ? dump.map((_, i) => ["initialState", "dump", i]) : [];
  const paths: FieldPath[] = [
    ["nodes", "csv", "file"],
    ["initialState", "dump"],
    ...dumps,
    ...executors,
  ];
  return paths.filter((path) => typeof valueAt(content, path) === "string");
}

/** Files that are named but cannot be read, or not a second time. */
async function fileFindings(content: unknown, scenarioFile: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  let stdinReader = scenarioFile === STANDARD_INPUT ? "the scenario" : undefined;
  for (const path of namedFiles(content)) {
    const named = valueAt(content, path) as string;
    if (named === "") continue;
    if (named === STANDARD_INPUT) {
      const message = `standard input is read already by ${stdinReader}`;
      if (stdinReader !== undefined) findings.push({ path, message });
      stdinReader ??= fieldText(path);
      continue;
    }
    const file = pathFrom(scenarioFile, named);
    const fault = await unreadable(file);
    const message = `cannot read ${printable(file)}: ${fault}`;
    if (fault !== undefined) findings.push({ path, message });
  }
  return findings;
}

interface CsvNodes {
  readonly names: readonly string[];
  readonly faults: readonly InputFault[];
}

/** The names of the node list that the scenario names, if that can be read, with all its faults. */
async function readCsvNodes(
  content: unknown,
  scenarioFile: string,
  options: ScenarioOptions,
): Promise<CsvNodes> {
  const csv = NodesCsvSchema.safeParse(valueAt(content, ["nodes", "csv"]));
  if (!csv.success) return { names: [], faults: [] };
  const file = pathFrom(scenarioFile, csv.data.file);
  const readTwice = file === STANDARD_INPUT && scenarioFile === STANDARD_INPUT;
  if (readTwice || (await unreadable(file)) !== undefined) return { names: [], faults: [] };
  const field = csv.data.nameColumn;
  const faults: InputFault[] = [];
  const firstLine = new Map<string, number>();
  try {
    for (const { name, line } of await readNodeList(file, field, options)) {
      const first = firstLine.get(name);
      const message =
        first === undefined
          ? nameRule(name)
          : `the node name ${quoted(name)} stands twice (first in line ${first})`;
      if (message !== undefined) faults.push({ file, line, field, message });
      if (first === undefined) firstLine.set(name, line);
    }
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    return { names: [], faults: error.faults };
  }
  if (firstLine.size > NODE_COUNT_MAX) {
    const message = `${firstLine.size} nodes; at most ${NODE_COUNT_MAX} are possible`;
    faults.push({ file, message });
  }
  return { names: [...firstLine.keys()], faults };
}

function resolveNodes({ nodes }: CheckedScenario, csvNames: readonly string[]): Node[] {
  if (nodes.list !== undefined) return nodes.list;
  const labels = nodes.labels ?? {};
  const names =
    nodes.count === undefined
      ? csvNames
      : nodeNames(nodes.count, nodes.prefix ?? DEFAULT_NODE_PREFIX);
  return names.map((name) => ({ name, labels }));
}

/** Gives each executor a name that is its own, and each trace a path from the working directory. */
function resolveWorkload(file: string, workload: CheckedScenario["workload"]): Executor[] {
  const taken = new Set(workload.map(({ name }) => name));
  return workload.map((executor) => {
    let name = executor.name ?? executor.executor;
    for (let i = 2; executor.name === undefined && taken.has(name); i++) {
      name = `${executor.executor}-${i}`;
    }
    taken.add(name);
    const resolved = { name, ...newNodeNames(executor, name) };
    if (executor.executor !== "trace") return { ...executor, ...resolved };
    return { ...executor, ...resolved, file: pathFrom(file, executor.file) };
  });
}

function resolveInitialState(
  file: string,
  state: CheckedScenario["initialState"],
): InitialState | undefined {
  if (state === undefined) return undefined;
  const paths = typeof state.dump === "string" ? [state.dump] : state.dump;
  return { dump: paths.map((path) => pathFrom(file, path)), pods: state.pods };
}

/** The scenario with the defaults that depend on other fields. Nothing after this fills defaults. */
function resolve(file: string, checked: CheckedScenario, csvNames: readonly string[]): Scenario {
  return {
    file,
    name:
      checked.name ??
      (file === STANDARD_INPUT ? "scenario" : basename(file).replace(/\.ya?ml$/, "")),
    description: checked.description,
    release: checked.release,
    seed: String(checked.seed),
    pools: checked.pools.map(({ cidr, blockSize, ...pool }) => {
      const spec = { ...pool, cidr: Cidr.of(cidr) };
      return makePool(blockSize === undefined ? spec : { ...spec, blockSize }) as UsablePool;
    }),
    ipamConfig: checked.ipamConfig,
    reservations: checked.reservations,
    nodes: resolveNodes(checked, csvNames),
    maxPods: checked.nodes.maxPods,
    workload: resolveWorkload(file, checked.workload),
    initialState: resolveInitialState(file, checked.initialState),
    simulation: {
      model: checked.simulation.model,
      duration: checked.simulation.duration,
    },
    thresholds: checked.thresholds.map((threshold) => ({
      ...threshold,
      expression: parseThreshold(threshold.check) as ThresholdExpression,
    })),
  };
}

function refuse(faults: readonly InputFault[], file: string): never {
  const order = (fault: InputFault) => (fault.file === file ? (fault.line ?? 0) : Infinity);
  const sorted = faults.toSorted(
    (a, b) =>
      (order(a) === order(b) ? 0 : order(a) - order(b)) || (a.column ?? 0) - (b.column ?? 0),
  );
  const more = sorted.length - FAULTS_MAX;
  const rest = more > 0 ? [{ file, message: `${more} more faults are not shown` }] : [];
  throw new BadInput([...sorted.slice(0, FAULTS_MAX), ...rest]);
}

/**
 * Reads a scenario file, checks it and fills in its defaults. `-` is standard input. Also reads the
 * node list that it names, and makes sure that its traces can be opened.
 *
 * @throws BadInput with every fault of the file, each at its line and column: one for a broken YAML
 *   syntax, else all of schema, values, rules across fields and named files at once.
 */
export async function loadScenario(file: string, options: ScenarioOptions): Promise<Scenario> {
  const document = new YamlDocument(file, await readText(file, SCENARIO_LENGTH_MAX, options));
  const content = document.value;
  if (content === undefined) {
    const message = "the file is empty; expected a scenario that begins with ipamlab: 1";
    throw new BadInput({ file, message });
  }
  const checked = ScenarioSchema.safeParse(content);
  const findings = checked.success
    ? []
    : schemaFindings(checked.error.issues, content, scenarioJsonSchema());
  findings.push(
    ...crossFindings({
      content,
      knownReleases: options.knownReleases,
      knownReleasesText: options.knownReleasesText,
      knownMetrics: options.knownMetrics,
      lineOf: (path) => document.place(path).line,
    }),
    ...(await fileFindings(content, file)),
  );
  const csvNodes = await readCsvNodes(content, file, options);
  const faults = [
    ...document.faults,
    ...findings.map((finding) => faultOf(document, finding)),
    ...csvNodes.faults,
  ];
  if (!checked.success || faults.length > 0) refuse(faults, file);
  const scenario = resolve(file, checked.data, csvNodes.names);
  const clashes = newNodeNameFindings(scenario.nodes, scenario.workload);
  if (clashes.length > 0)
    refuse(
      clashes.map((finding) => faultOf(document, finding)),
      file,
    );
  return scenario;
}
