import { Cidr } from "../../model/cidr.js";
import { defaultBlockSize } from "../../model/pool.js";
import { didYouMean, nearestName } from "../../failure/nearest-name.js";
import { quoted } from "../traces/printable.js";
import { nameRule } from "./field-rules.js";
import { DEFAULT_NODE_PREFIX, nodeNames } from "./node-names.js";
import { GcSchema } from "./cluster-schemas.js";
import { IpamConfigSchema, PoolSchema } from "./pool-schema.js";
import { NODE_SOURCES } from "./scenario-schema.js";
import { SimulationSchema } from "./simulation-schema.js";
import { type NamedMetric, thresholdFault } from "./threshold.js";
import { ThresholdSchema } from "./threshold-schema.js";
import { type Finding, valueAt } from "./schema-faults.js";
import { listAt, soundItems } from "./sound-parts.js";
import { orList } from "./wording.js";
import type { FieldPath } from "./yaml-document.js";

/**
 * Rules across fields. They look at the raw content, part by part, and only at parts that are sound
 * in themselves: so they also speak when another part of the file is wrong.
 */
export interface CrossCheckContext {
  /** The content of the file. */
  readonly content: unknown;
  readonly knownReleases: readonly string[];
  /** The known releases in short, for messages; all of them when absent. */
  readonly knownReleasesText?: string | undefined;
  /** The metrics that a threshold may name. */
  readonly knownMetrics: readonly NamedMetric[];
  /** Where a field stands, such as `line 5`, for messages that name a second place. */
  placeText(path: FieldPath): string;
}

/** Pools may not touch these (`libcalico-go/lib/validator/v3/validator.go@v3.28.4`). */
const LINK_LOCAL = [Cidr.of("169.254.0.0/16"), Cidr.of("fe80::/10")];

interface SoundPool {
  readonly index: number;
  readonly name: string;
  readonly cidr: Cidr;
  readonly blockSize: number | undefined;
  readonly disabled: boolean;
}

function soundPools(content: unknown): SoundPool[] {
  return soundItems(content, ["pools"], PoolSchema).map(([index, pool]) => {
    const { name, cidr, blockSize, disabled } = pool;
    return { index, name, cidr: Cidr.of(cidr), blockSize, disabled };
  });
}

/** Block size and network of one pool (`libcalico-go/lib/clientv3/ippool.go@v3.28.4`). */
function* checkPool({ index, cidr, blockSize, disabled }: SoundPool): Generator<Finding> {
  const { version } = cidr;
  const linkLocal = LINK_LOCAL.find((network) => network.overlaps(cidr));
  if (linkLocal !== undefined) {
    const message = `${cidr.text} overlaps the link-local network ${linkLocal.text}`;
    yield { path: ["pools", index, "cidr"], message };
  }
  const size = blockSize ?? defaultBlockSize(version);
  const [shortest, longest] = version === 4 ? [20, 32] : [116, 128];
  const field = blockSize === undefined ? "cidr" : "blockSize";
  const path = ["pools", index, field];
  if (size < shortest || size > longest) {
    const expected = `expected ${shortest} to ${longest} for an IPv${version} pool`;
    yield { path, message: `${expected}, found ${size}` };
  } else if (!disabled && cidr.prefix > size) {
    const remedy = `give a blockSize of ${cidr.prefix} or more, or a larger network`;
    yield { path, message: `${cidr.text} holds no block of /${size}; ${remedy}` };
  }
}

/** Ascending by version and base address, the larger network first: overlaps become neighbours. */
function byAddress(a: SoundPool, b: SoundPool): number {
  if (a.cidr.version !== b.cidr.version) return a.cidr.version - b.cidr.version;
  if (a.cidr.base !== b.cidr.base) return a.cidr.base < b.cidr.base ? -1 : 1;
  return a.cidr.prefix - b.cidr.prefix || a.index - b.index;
}

/** Overlapping pools; two networks overlap only when one contains the other. */
function* checkOverlaps(pools: SoundPool[], context: CrossCheckContext): Generator<Finding> {
  let outer: SoundPool | undefined;
  for (const pool of pools.toSorted(byAddress)) {
    if (outer === undefined || !outer.cidr.covers(pool.cidr)) {
      outer = pool;
      continue;
    }
    const [first, second] = outer.index < pool.index ? [outer, pool] : [pool, outer];
    const place = context.placeText(["pools", first.index, "cidr"]);
    const other = `${first.cidr.text} of pool ${quoted(first.name)} (${place})`;
    const message = `${second.cidr.text} overlaps ${other}`;
    yield { path: ["pools", second.index, "cidr"], message };
  }
}

/** Names that stand twice in a list of mappings. */
function* checkNames(path: FieldPath, what: string, context: CrossCheckContext) {
  const firstIndex = new Map<string, number>();
  for (const [index, item] of listAt(context.content, path).entries()) {
    const name = valueAt(item, ["name"]);
    if (typeof name !== "string") continue;
    const first = firstIndex.get(name);
    if (first === undefined) {
      firstIndex.set(name, index);
    } else {
      const place = context.placeText([...path, first, "name"]);
      const message = `the ${what} ${quoted(name)} stands twice (first in ${place})`;
      yield { path: [...path, index, "name"], message };
    }
  }
}

/** Calico's rules on setting the configuration (`libcalico-go/lib/ipam/ipam.go@v3.28.4`). */
function* checkIpamConfig(content: unknown): Generator<Finding> {
  const config = IpamConfigSchema.safeParse(valueAt(content, ["ipamConfig"]));
  if (!config.success || config.data.strictAffinity) return;
  if (!config.data.autoAllocateBlocks) {
    const calico = "Cannot disable 'StrictAffinity' and 'AutoAllocateBlocks' at the same time";
    const message = `cannot be false while strictAffinity is false (Calico: "${calico}")`;
    yield { path: ["ipamConfig", "autoAllocateBlocks"], message };
  }
  const { maxBlocksPerHost } = config.data;
  if (maxBlocksPerHost > 0) {
    const calico = "MaxBlocksPerHost requires StrictAffinity to be enabled";
    const message = `${maxBlocksPerHost} needs strictAffinity: true (Calico: "${calico}")`;
    yield { path: ["ipamConfig", "maxBlocksPerHost"], message };
  }
}

function* checkNodes(content: unknown): Generator<Finding> {
  const nodes = valueAt(content, ["nodes"]);
  if (typeof nodes !== "object" || nodes === null || Array.isArray(nodes)) return;
  const given = NODE_SOURCES.filter((source) => Object.hasOwn(nodes, source));
  const misspelt = Object.keys(nodes).some((key) => nearestName(key, NODE_SOURCES) !== undefined);
  if (given.length === 0 && !misspelt) {
    yield { path: ["nodes"], message: `expected one of ${orList(NODE_SOURCES)}` };
  }
  for (const source of given.slice(1)) {
    const message = `cannot stand next to ${given[0]}; give one of ${orList(NODE_SOURCES)}`;
    yield { path: ["nodes", source], message, atKey: true };
  }
  for (const key of ["prefix", "labels"]) {
    if (given.length === 0 || given.includes("count") || !Object.hasOwn(nodes, key)) continue;
    const message = `goes only with count, not with ${given.join(" and ")}`;
    yield { path: ["nodes", key], message, atKey: true };
  }
  const prefix = valueAt(nodes, ["prefix"]) ?? DEFAULT_NODE_PREFIX;
  if (typeof prefix !== "string") return;
  const fault = nameRule(nodeNames(1, prefix)[0]!);
  if (fault !== undefined) {
    yield {
      path: ["nodes", "prefix"],
      message: `would make names that Kubernetes refuses: ${fault}`,
    };
  }
}

function* checkRelease(context: CrossCheckContext): Generator<Finding> {
  yield* checkReleaseAt(["release"], context);
  yield* checkReleaseAt(["gc", "release"], context);
}

function* checkReleaseAt(
  path: FieldPath,
  { content, knownReleases, knownReleasesText }: CrossCheckContext,
): Generator<Finding> {
  const release = valueAt(content, path);
  if (typeof release !== "string" || knownReleases.includes(release)) return;
  const near = didYouMean(release, knownReleases);
  const known = knownReleasesText ?? knownReleases.join(", ");
  const advice = near === "" ? `; known are ${known}` : near;
  yield { path, message: `unknown release ${quoted(release)}${advice}` };
}

/** Sections that only the cluster model has, and what that model needs. */
const CLUSTER_SECTIONS = ["datastore", "node", "gc"];

function* checkModel(content: unknown): Generator<Finding> {
  const simulation = SimulationSchema.safeParse(valueAt(content, ["simulation"]) ?? {});
  if (!simulation.success) return;
  const { model, duration, liveness } = simulation.data;
  if (model === "cluster") {
    const message = "model: cluster needs a duration, since kubelets never stop trying";
    if (duration === undefined) yield { path: ["simulation"], message };
    return;
  }
  if (liveness !== undefined) {
    const message = `goes only with simulation.model: cluster, not with ${model}`;
    yield { path: ["simulation", "liveness"], message, atKey: true };
  }
  for (const section of CLUSTER_SECTIONS) {
    if (valueAt(content, [section]) === undefined) continue;
    const message = `goes only with simulation.model: cluster, not with ${model}`;
    yield { path: [section], message, atKey: true };
  }
  for (const [index, pool] of listAt(content, ["pools"]).entries()) {
    for (const field of ["ipipMode", "vxlanMode"]) {
      const mode = valueAt(pool, [field]);
      if (mode !== "Always" && mode !== "CrossSubnet") continue;
      const message =
        "tunnel addresses are given only with simulation.model: cluster; with " +
        `${model}, leave ${field} out`;
      yield { path: ["pools", index, field], message };
    }
  }
}

function* checkInitialState(content: unknown): Generator<Finding> {
  const path = ["initialState"];
  const state = valueAt(content, path);
  if (typeof state !== "object" || state === null || Array.isArray(state)) return;
  const has = (key: string) => Object.hasOwn(state, key);
  const misspelt = Object.keys(state).some(
    (key) => nearestName(key, ["dump", "seed"]) !== undefined,
  );
  if (!has("dump") && !has("seed") && !misspelt) yield { path, message: "expected dump or seed" };
  if (!has("seed")) return;
  if (has("dump")) {
    const message = "cannot stand next to dump; give one of the two";
    yield { path: [...path, "seed"], message, atKey: true };
  } else if (has("pods")) {
    yield { path: [...path, "pods"], message: "goes only with dump, not with seed", atKey: true };
  }
}

/** Outages of the collector, in order of time and apart from each other. */
function* checkOutages(content: unknown): Generator<Finding> {
  const gc = GcSchema.safeParse(valueAt(content, ["gc"]) ?? {});
  if (!gc.success) return;
  let endUs = -1;
  for (const [index, { from, duration }] of gc.data.outages.entries()) {
    const message = "outages must be in order of time and must not touch each other";
    if (from <= endUs) yield { path: ["gc", "outages", index], message };
    endUs = from + duration;
  }
}

function* checkThresholds({ content, knownMetrics }: CrossCheckContext): Generator<Finding> {
  const simulation = SimulationSchema.safeParse(valueAt(content, ["simulation"]) ?? {});
  const model = simulation.success ? simulation.data.model : undefined;
  for (const [index, { check }] of soundItems(content, ["thresholds"], ThresholdSchema)) {
    const message = thresholdFault(check, knownMetrics, model);
    if (message !== undefined) yield { path: ["thresholds", index], message };
  }
}

/** Every breach of a rule that spans several fields. */
export function crossFindings(context: CrossCheckContext): Finding[] {
  const { content } = context;
  const pools = soundPools(content);
  return [
    ...checkRelease(context),
    ...checkNames(["pools"], "pool name", context),
    ...pools.flatMap((pool) => [...checkPool(pool)]),
    ...checkOverlaps(pools, context),
    ...checkIpamConfig(content),
    ...checkNames(["reservations"], "reservation name", context),
    ...checkNodes(content),
    ...checkNames(["nodes", "list"], "node name", context),
    ...checkNames(["workload"], "executor name", context),
    ...checkInitialState(content),
    ...checkModel(content),
    ...checkOutages(content),
    ...checkThresholds(context),
  ];
}
