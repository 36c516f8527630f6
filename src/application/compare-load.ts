import { compareFigures, statisticsOf } from "../analysis/comparison/compare-figures.js";
import { headline } from "../analysis/comparison/headline.js";
import { loadFigures } from "../analysis/comparison/load-figures.js";
import type { RunFigures } from "../analysis/comparison/run-figures.js";
import { BadInput } from "../failure/failure.js";
import { LOAD_COMPARISON_VERSION, type LoadComparison } from "../formats/result/load-comparison.js";
import type { LoadedAllocator, LoadResult } from "../formats/result/load-result.js";
import type { AllocatorName } from "../load/thread-job.js";
import { RELEASE_OF } from "./compare-on-threads.js";
import { bootstrapStream, RESAMPLES } from "./compare-releases.js";

/** A load document, and the file that it was read from. */
export interface LoadFile {
  readonly file: string;
  readonly result: LoadResult;
}

type LoadedRun = LoadResult["runs"][number];

const NOT_IN_TURN =
  "a and b were not measured in turn: what the machine did besides at the two times is in the " +
  "difference, and not in its interval. `ipamlab load` with both allocators measures them in turn";

function allocatorsOf({ runs }: LoadResult): AllocatorName[] {
  return [...new Set(runs.flatMap((run) => run.allocators.map(({ allocator }) => allocator)))];
}

/** Which allocator of a is compared with which of b. */
function allocatorPairs(a: LoadFile, b: LoadFile): [AllocatorName, AllocatorName][] {
  const [inA, inB] = [allocatorsOf(a.result), allocatorsOf(b.result)];
  if (a.file === b.file) {
    if (inA.length === 2) return [["coarse-lock", "lock-reduced"]];
    throw new BadInput({ file: a.file, message: `has only ${inA[0]!}: name another document` });
  }
  if (inA.length === 1 && inB.length === 1) return [[inA[0]!, inB[0]!]];
  const both = inA.filter((name) => inB.includes(name));
  if (both.length > 0) return both.map((name) => [name, name]);
  throw new BadInput({ file: b.file, message: `has no allocator that ${a.file} has` });
}

/** Checks that the two were asked for the same on the same kind of machine. */
function checkComparable(a: LoadFile, b: LoadFile): void {
  for (const { file, result } of [a, b]) {
    if (!result.completed) throw new BadInput({ file, message: "the run was interrupted" });
    if (result.runs.length === 0) {
      const message = "holds a search (--find-max) and no runs to compare; measure at one --rate";
      throw new BadInput({ file, message });
    }
  }
  const fail = (what: string, mine: unknown, other: unknown): never => {
    const values = `${JSON.stringify(other)}, not ${JSON.stringify(mine)}`;
    const message = `cannot be compared with ${a.file}: ${what} is ${values}`;
    throw new BadInput({ file: b.file, message });
  };
  for (const field of ["processor", "cores", "node"] as const) {
    const [mine, other] = [a.result.machine[field], b.result.machine[field]];
    if (mine !== other) fail(field === "node" ? "version of Node.js" : field, mine, other);
  }
  const { repetitions: _a, ...wanted } = a.result.settings;
  const { repetitions: _b, ...given } = b.result.settings;
  for (const field of Object.keys(wanted) as (keyof typeof wanted)[]) {
    const [mine, other] = [wanted[field], given[field]];
    if (JSON.stringify(mine) !== JSON.stringify(other)) fail(field, mine, other);
  }
}

function nameOf({ threads, pods, podsPerSecond }: LoadedRun): string {
  return [
    `${threads} thread${threads === 1 ? "" : "s"}`,
    ...(pods === null ? [] : [`${pods} pods`]),
    ...(podsPerSecond === null ? [] : [`${podsPerSecond} pods/s`]),
  ].join(", ");
}

interface ComparedPair {
  readonly run: LoadedRun;
  readonly a: LoadedAllocator;
  readonly b: LoadedAllocator;
  readonly pairs: number;
}

function pairsOf(a: LoadFile, b: LoadFile, warnings: string[]): ComparedPair[] {
  const compared: ComparedPair[] = [];
  const names = allocatorPairs(a, b);
  for (const run of a.result.runs) {
    const name = nameOf(run);
    const other = b.result.runs.find((candidate) => nameOf(candidate) === name);
    for (const [nameA, nameB] of names) {
      const sideA = run.allocators.find(({ allocator }) => allocator === nameA);
      const sideB = other?.allocators.find(({ allocator }) => allocator === nameB);
      if (sideA === undefined || sideB === undefined) {
        warnings.push(`${name}: only ${sideA === undefined ? b.file : a.file} has it`);
        continue;
      }
      const pairs = Math.min(sideA.samples.length, sideB.samples.length);
      if (sideA.samples.length !== sideB.samples.length) {
        warnings.push(`${name}: the first ${pairs} repetitions are compared, which both have`);
      }
      compared.push({ run, a: sideA, b: sideB, pairs });
    }
  }
  for (const run of b.result.runs) {
    if (!a.result.runs.some((candidate) => nameOf(candidate) === nameOf(run))) {
      warnings.push(`${nameOf(run)}: only ${b.file} has it`);
    }
  }
  return compared;
}

/** The figures of all runs as those of one, so that one correction covers them. */
function joined(sides: readonly RunFigures[][]): RunFigures[] {
  const most = Math.max(0, ...sides.map(({ length }) => length));
  return Array.from({ length: most }, (_, repetition) => ({
    seed: String(repetition + 1),
    seedMatters: true,
    operations: 0,
    fingerprint: null,
    figures: sides.flatMap((runs, place) =>
      (runs[repetition]?.figures ?? []).map((figure) => ({
        ...figure,
        name: `${place} ${figure.name}`,
      })),
    ),
  }));
}

/**
 * Compares what `ipamlab load` measured, repetition by repetition: the two allocators of one document,
 * which were measured in turn, or those of two documents.
 *
 * @throws BadInput when the two were not asked for the same, or not on the same kind of machine.
 */
export function compareLoad(a: LoadFile, b: LoadFile, version: string): LoadComparison {
  checkComparable(a, b);
  const inTurn = a.file === b.file;
  const warnings: string[] = [];
  const compared = pairsOf(a, b, warnings);
  if (compared.length === 0) {
    throw new BadInput({ file: b.file, message: `has no run that ${a.file} has` });
  }
  const sides = (side: "a" | "b") =>
    joined(compared.map((pair) => loadFigures(pair[side]).slice(0, pair.pairs)));
  const figures = compareFigures(sides("a"), sides("b"), {
    resamples: RESAMPLES,
    stream: bootstrapStream,
    isExact: false,
  });
  const describe = ({ file, result }: LoadFile): LoadComparison["a"] => ({
    file,
    version: result.ipamlab.version,
    machine: result.machine,
  });
  const noted = ({ file, result }: LoadFile) => result.warnings.map((text) => `${file}: ${text}`);
  return {
    ipamlab: { document: "load-comparison", documentVersion: LOAD_COMPARISON_VERSION, version },
    provenance: a.result.provenance,
    a: describe(a),
    b: describe(b),
    inTurn,
    workload: a.result.settings.workload,
    runs: compared.map(({ run, a: sideA, b: sideB, pairs }, place) => {
      const own = figures
        .filter(({ name }) => name.startsWith(`${place} `))
        .map((figure) => ({ ...figure, name: figure.name.slice(`${place} `.length) }));
      return {
        threads: run.threads,
        pods: run.pods,
        podsPerSecond: run.podsPerSecond,
        a: { release: RELEASE_OF[sideA.allocator], allocator: sideA.allocator },
        b: { release: RELEASE_OF[sideB.allocator], allocator: sideB.allocator },
        pairs,
        verdict: headline(own),
        figures: own,
      };
    }),
    warnings: inTurn
      ? [...noted(a), ...warnings]
      : [NOT_IN_TURN, ...noted(a), ...noted(b), ...warnings],
    statistics: statisticsOf(figures, RESAMPLES),
  };
}
