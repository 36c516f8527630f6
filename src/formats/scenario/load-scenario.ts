import { basename } from "node:path";
import { BadInput, type InputFault } from "../../failure/failure.js";
import { Cidr } from "../../model/cidr.js";
import type { Node } from "../../model/node.js";
import { makePool, type UsablePool } from "../../model/pool.js";
import { STANDARD_INPUT, unreadable } from "../text-source.js";
import { readNodeList } from "../traces/node-list.js";
import { printable, quoted } from "../traces/printable.js";
import { changeFindings } from "./change-checks.js";
import { crossFindings } from "./cross-checks.js";
import { histogramFields, withHistograms } from "./datastore-latencies.js";
import { nameRule } from "./field-rules.js";
import type { LatencyBar } from "./latency.js";
import type { LayeredContent } from "./layered-content.js";
import { readMeasuredLatency } from "./measured-latency.js";
import { executorNames, newNodeNameFindings, newNodeNames } from "./new-node-names.js";
import { DEFAULT_NODE_PREFIX, nodeNames } from "./node-names.js";
import { type LayerOptions, readLayers } from "./read-layers.js";
import type { Executor, InitialState, Scenario } from "./scenario.js";
import {
  type CheckedScenario,
  NODE_COUNT_MAX,
  NODE_SOURCES,
  NodesCsvSchema,
  NodesSchema,
  ScenarioSchema,
  scenarioJsonSchema,
} from "./scenario-schema.js";
import { type Finding, schemaFindings, valueAt } from "./schema-faults.js";
import { seedFindings } from "./seed-checks.js";
import type { NamedMetric } from "./threshold.js";
import { parseThreshold, type ThresholdExpression } from "./threshold-expression.js";
import { fieldText } from "./wording.js";
import type { FieldPath } from "./yaml-document.js";

/** Most faults that are shown of one scenario. */
const FAULTS_MAX = 100;

export interface ScenarioOptions extends LayerOptions {
  /** The releases that `release` may name, in the order in which they are shown. */
  readonly knownReleases: readonly string[];
  /** The known releases in short, for messages; all of them when absent. */
  readonly knownReleasesText?: string | undefined;
  /** The metrics that a threshold may name. */
  readonly knownMetrics: readonly NamedMetric[];
}

function faultOf(content: LayeredContent, { path, message, atKey }: Finding): InputFault {
  const place = content.place(path, atKey === true ? "key" : "value");
  return { ...place, field: fieldText(path), message };
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
    ...histogramFields(content),
    ["initialState", "dump"],
    ...dumps,
    ...executors,
  ];
  return paths.filter((path) => typeof valueAt(content, path) === "string");
}

/** Files that are named but cannot be read, or not a second time. */
async function fileFindings(content: LayeredContent): Promise<Finding[]> {
  const findings: Finding[] = [];
  let stdinReader = content.file === STANDARD_INPUT ? "the scenario" : undefined;
  for (const path of namedFiles(content.value)) {
    const named = valueAt(content.value, path) as string;
    if (named === "") continue;
    if (named === STANDARD_INPUT) {
      const message = `standard input is read already by ${stdinReader}`;
      if (stdinReader !== undefined) findings.push({ path, message });
      stdinReader ??= fieldText(path);
      continue;
    }
    const file = content.pathFrom(path, named);
    const fault = await unreadable(file);
    const message = `cannot read ${printable(file)}: ${fault}`;
    if (fault !== undefined) findings.push({ path, message });
  }
  return findings;
}

interface CsvNodes {
  /** Undefined when the list cannot be read. */
  readonly names: readonly string[] | undefined;
  readonly faults: readonly InputFault[];
}

/** The names of the node list that the scenario names, if that can be read, with all its faults. */
async function readCsvNodes(content: LayeredContent, options: ScenarioOptions): Promise<CsvNodes> {
  const csv = NodesCsvSchema.safeParse(valueAt(content.value, ["nodes", "csv"]));
  if (!csv.success) return { names: [], faults: [] };
  const file = content.pathFrom(["nodes", "csv", "file"], csv.data.file);
  const readTwice = file === STANDARD_INPUT && content.file === STANDARD_INPUT;
  if (readTwice || (await unreadable(file)) !== undefined) return { names: undefined, faults: [] };
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
    return { names: undefined, faults: error.faults };
  }
  if (firstLine.size > NODE_COUNT_MAX) {
    const message = `${firstLine.size} nodes; at most ${NODE_COUNT_MAX} are possible`;
    faults.push({ file, message });
  }
  return { names: [...firstLine.keys()], faults };
}

interface Histograms {
  /** By path from the working directory. */
  readonly byFile: ReadonlyMap<string, readonly LatencyBar[]>;
  readonly faults: readonly InputFault[];
}

/**
 * Reads each histogram of latencies that the scenario names, once.
 *
 * @param unusable fields whose file cannot be read, or not a second time.
 */
async function readHistograms(
  content: LayeredContent,
  unusable: readonly FieldPath[],
  options: ScenarioOptions,
): Promise<Histograms> {
  const byFile = new Map<string, readonly LatencyBar[]>();
  const faults: InputFault[] = [];
  for (const field of histogramFields(content.value)) {
    const named = valueAt(content.value, field);
    const isUnusable = unusable.some((path) => fieldText(path) === fieldText(field));
    if (typeof named !== "string" || named === "" || isUnusable) continue;
    const file = content.pathFrom(field, named);
    if (byFile.has(file)) continue;
    try {
      byFile.set(file, await readMeasuredLatency(file, options));
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      faults.push(...error.faults);
      byFile.set(file, []);
    }
  }
  return { byFile, faults };
}

function resolveNodes(nodes: CheckedScenario["nodes"], csvNames: readonly string[]): Node[] {
  if (nodes.list !== undefined) return nodes.list;
  const labels = nodes.labels ?? {};
  const names =
    nodes.count === undefined
      ? csvNames
      : nodeNames(nodes.count, nodes.prefix ?? DEFAULT_NODE_PREFIX);
  return names.map((name) => ({ name, labels }));
}

/** The nodes, when what the content says of them is sound; else undefined. */
function soundNodes(content: unknown, csvNames: readonly string[] | undefined): Node[] | undefined {
  const { data: nodes } = NodesSchema.safeParse(valueAt(content, ["nodes"]));
  if (nodes === undefined || csvNames === undefined) return undefined;
  const given = NODE_SOURCES.filter((source) => nodes[source] !== undefined);
  return given.length === 1 ? resolveNodes(nodes, csvNames) : undefined;
}

/** Gives each executor a name that is its own, and each trace a path from the working directory. */
function resolveWorkload(
  content: LayeredContent,
  workload: CheckedScenario["workload"],
): Executor[] {
  const names = executorNames(workload);
  return workload.map((executor, index) => {
    const name = names[index]!;
    const resolved = { name, ...newNodeNames(executor, name) };
    if (executor.executor !== "trace") return { ...executor, ...resolved };
    const file = content.pathFrom(["workload", index, "file"], executor.file);
    return { ...executor, ...resolved, file };
  });
}

function resolveInitialState(
  content: LayeredContent,
  state: CheckedScenario["initialState"],
): InitialState | undefined {
  if (state === undefined) return undefined;
  const field: FieldPath = ["initialState", "dump"];
  const dump =
    typeof state.dump === "string"
      ? [content.pathFrom(field, state.dump)]
      : (state.dump ?? []).map((path, i) => content.pathFrom([...field, i], path));
  return { dump, seed: state.seed ?? [], pods: state.pods };
}

/** The scenario with the defaults that depend on other fields. Nothing after this fills defaults. */
function resolve(
  content: LayeredContent,
  checked: CheckedScenario,
  csvNames: readonly string[],
  histograms: Histograms,
): Scenario {
  const { file } = content;
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
    nodes: resolveNodes(checked.nodes, csvNames),
    maxPods: checked.nodes.maxPods,
    workload: resolveWorkload(content, checked.workload),
    initialState: resolveInitialState(content, checked.initialState),
    changes: checked.changes,
    simulation: {
      model: checked.simulation.model,
      duration: checked.simulation.duration,
      liveness: checked.simulation.liveness,
    },
    datastore: withHistograms(
      checked.datastore,
      (field, named) => histograms.byFile.get(content.pathFrom(field, named))!,
    ),
    node: checked.node,
    gc: checked.gc,
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
 * file that it extends, the node list and the histograms of latencies that it names, and makes sure
 * that its traces can be opened.
 *
 * @throws BadInput with every fault of the file, each at its line and column (or the option `--set`
 *   that it comes from): one for a broken YAML syntax, else all of schema, values, rules across
 *   fields and named files at once.
 */
export async function loadScenario(file: string, options: ScenarioOptions): Promise<Scenario> {
  const layers = await readLayers(file, options);
  const { content } = layers;
  const checked = ScenarioSchema.safeParse(content.value);
  const findings = checked.success
    ? []
    : schemaFindings(checked.error.issues, content.value, scenarioJsonSchema());
  const csvNodes = await readCsvNodes(content, options);
  const nodes = soundNodes(content.value, csvNodes.names);
  const unreadableFiles = await fileFindings(content);
  const unusable = unreadableFiles.map(({ path }) => path);
  const histograms = await readHistograms(content, unusable, options);
  findings.push(
    ...crossFindings({
      content: content.value,
      knownReleases: options.knownReleases,
      knownReleasesText: options.knownReleasesText,
      knownMetrics: options.knownMetrics,
      placeText: (path) => content.placeText(path),
    }),
    ...newNodeNameFindings(content.value, nodes),
    ...seedFindings(content.value, nodes),
    ...changeFindings(content.value, options.knownReleases),
    ...unreadableFiles,
  );
  const faults = [
    ...layers.faults,
    ...findings.map((finding) => faultOf(content, finding)),
    ...csvNodes.faults,
    ...histograms.faults,
  ];
  if (!checked.success || faults.length > 0) refuse(faults, file);
  return resolve(content, checked.data, csvNodes.names ?? [], histograms);
}
