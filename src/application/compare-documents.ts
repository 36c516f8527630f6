import { compareRuns } from "../analysis/comparison/compare-runs.js";
import { runFigures } from "../analysis/comparison/run-figures.js";
import { BadInput } from "../failure/failure.js";
import { COMPARISON_VERSION, type ComparisonResult } from "../formats/result/comparison-result.js";
import type { LoadComparison } from "../formats/result/load-comparison.js";
import type { LoadResult } from "../formats/result/load-result.js";
import { readRunResult } from "../formats/result/read-result.js";
import type { SimulationResult } from "../formats/result/simulation-result.js";
import { findProfile } from "../releases/profiles.js";
import { compareLoad, type LoadFile } from "./compare-load.js";
import { bootstrapStream, compareBehaviours, RESAMPLES } from "./compare-releases.js";

interface ResultFile {
  readonly file: string;
  readonly result: SimulationResult;
}

interface AnyFile {
  readonly file: string;
  readonly result: SimulationResult | LoadResult;
}

/**
 * One after the other, so that of several faults the first file's is told; each once, also where both sides
 * name it.
 */
async function readAll(files: readonly string[]): Promise<ReadonlyMap<string, AnyFile>> {
  const results = new Map<string, AnyFile>();
  for (const file of new Set(files)) results.set(file, { file, result: await readRunResult(file) });
  return results;
}

function isLoad(each: AnyFile): each is LoadFile {
  return each.result.ipamlab.document === "load";
}

function isSimulation(each: AnyFile): each is ResultFile {
  return each.result.ipamlab.document === "simulation";
}

/** What two results must share to be compared, as it is told when they do not. */
function mismatch(first: SimulationResult, other: SimulationResult): string | undefined {
  if (first.scenario.sha256 !== other.scenario.sha256) {
    return `another scenario (${other.scenario.name}, sha256 ${other.scenario.sha256.slice(0, 12)}…)`;
  }
  if (first.ipamlab.version !== other.ipamlab.version) {
    return `another version of ipamlab (${other.ipamlab.version})`;
  }
  return undefined;
}

/** Checks that a side's files are runs of one release, finished, each with another seed. */
function checkSide(side: readonly ResultFile[], option: string): void {
  const first = side[0]!;
  const seeds = new Map<string, string>();
  for (const { file, result } of side) {
    const twin = seeds.get(result.scenario.seed);
    if (twin !== undefined) {
      throw new BadInput({ file, message: `has the same seed as ${twin}` });
    }
    seeds.set(result.scenario.seed, file);
    if (!result.completed) throw new BadInput({ file, message: "the run was interrupted" });
    if (result.release.name !== first.result.release.name) {
      const message = `${option} mixes releases: ${first.result.release.name} in ${first.file}`;
      throw new BadInput({ file, message });
    }
  }
}

/**
 * Compares result documents of earlier runs: of `simulate` in pairs of the same seed, or one of `load`
 * on each side.
 *
 * @throws BadInput when a document cannot be read, or the two sides are not runs of the same.
 */
export async function compareDocuments(
  filesA: readonly string[],
  filesB: readonly string[],
  version: string,
): Promise<ComparisonResult | LoadComparison> {
  const read = await readAll([...filesA, ...filesB]);
  const a = filesA.map((file) => read.get(file)!);
  const b = filesB.map((file) => read.get(file)!);
  if (a.every(isSimulation) && b.every(isSimulation)) return compareSimulations(a, b, version);
  const all = [...read.values()];
  const odd = all.find((each) => !isLoad(each));
  if (odd !== undefined) {
    const load = all.find(isLoad)!;
    const message = `is a result of simulate, and ${load.file} is one of load`;
    throw new BadInput({ file: odd.file, message });
  }
  for (const [side, option] of [
    [a, "--a"],
    [b, "--b"],
  ] as const) {
    if (side.length === 1) continue;
    const message = `of load results, ${option} takes one, which holds all its repetitions`;
    throw new BadInput({ file: side[1]!.file, message });
  }
  return compareLoad(a[0] as LoadFile, b[0] as LoadFile, version);
}

function compareSimulations(
  a: readonly ResultFile[],
  b: readonly ResultFile[],
  version: string,
): ComparisonResult {
  checkSide(a, "--a");
  checkSide(b, "--b");
  const reference = a[0]!;
  for (const { file, result } of [...a, ...b]) {
    const why = mismatch(reference.result, result);
    if (why !== undefined) {
      throw new BadInput({ file, message: `cannot be compared with ${reference.file}: ${why}` });
    }
  }
  const paired = a.map(({ file, result }) => {
    const { seed } = result.scenario;
    const partner = b.find((other) => other.result.scenario.seed === seed);
    if (partner !== undefined) return partner;
    throw new BadInput({ file, message: `no file of --b has its seed, ${seed}` });
  });
  const [firstA, firstB] = [reference.result, paired[0]!.result];
  const [profileA, profileB] = [findProfile(firstA.release.name), findProfile(firstB.release.name)];
  const compared = compareRuns(
    a.map(({ result }) => runFigures(result)),
    paired.map(({ result }) => runFigures(result)),
    { resamples: RESAMPLES, stream: bootstrapStream },
  );
  const describe = ({ release }: SimulationResult): ComparisonResult["a"] => ({
    release: release.name,
    basis: release.basis,
    provenance: release.provenance,
  });
  return {
    ipamlab: { document: "comparison", documentVersion: COMPARISON_VERSION, version },
    scenario: { name: firstA.scenario.name, sha256: firstA.scenario.sha256 },
    a: describe(firstA),
    b: describe(firstB),
    provenance: firstA.provenance,
    completed: true,
    ...compared,
    behaviours:
      profileA === undefined || profileB === undefined
        ? null
        : compareBehaviours(profileA, profileB, null),
    attribution: null,
    measured: null,
  };
}
