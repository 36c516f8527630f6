import { availableParallelism } from "node:os";
import { compareDocuments } from "../../application/compare-documents.js";
import { compareReleases } from "../../application/compare-releases.js";
import { ExitCode } from "../../failure/exit-code.js";
import type { ComparisonResult } from "../../formats/result/comparison-result.js";
import type { LoadComparison } from "../../formats/result/load-comparison.js";
import { ThreadCrew } from "../../load/thread-crew.js";
import { findProfile } from "../../releases/profiles.js";
import { comparisonText } from "../../report/comparison-text.js";
import { formatCount } from "../../report/format-number.js";
import { loadComparisonText } from "../../report/load-comparison-text.js";
import { defineCommand } from "../command.js";
import type { CommandContext } from "../command-context.js";
import { integerOption } from "../number-option.js";
import { writeOutputFile } from "../output-file.js";
import { releaseOption } from "../release-option.js";
import { UsageError } from "../usage-error.js";
import { readVersion } from "../version.js";

interface Request {
  readonly scenario: string | undefined;
  readonly a: readonly string[];
  readonly b: readonly string[];
  readonly runs: number;
  readonly workers: number;
  readonly attribute: boolean;
  readonly threads: number | undefined;
}

const THREADS_MOST = 64;

/** Of each allocator in each pair. */
const THREAD_RUN_MS = 500;

function threadsOption(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= THREADS_MOST) return count;
  throw new UsageError(
    `--threads: expected a number of threads from 1 to ${THREADS_MOST}, got "${text}"`,
  );
}

async function compare(
  request: Request,
  context: CommandContext,
): Promise<ComparisonResult | LoadComparison> {
  const { scenario, a, b } = request;
  if (scenario === undefined) {
    const release = [...a, ...b].find((name) => findProfile(name) !== undefined);
    if (release !== undefined) {
      throw new UsageError(`to compare releases such as ${release}, name the scenario to run`);
    }
    if (request.threads !== undefined) {
      throw new UsageError("--threads measures on the scenario's nodes and pools: name it");
    }
    if (request.attribute) throw new UsageError("--attribute runs the scenario: name it");
    return compareDocuments(a, b, readVersion());
  }
  const [releaseA, releaseB] = [a[0], b[0]];
  if (a.length > 1 || b.length > 1 || releaseA === undefined || releaseB === undefined) {
    throw new UsageError("with a scenario, --a and --b are one release each");
  }
  return compareReleases(scenario, {
    a: releaseOption("--a", releaseA),
    b: releaseOption("--b", releaseB),
    runs: request.runs,
    workers: request.workers,
    attribute: request.attribute,
    threads:
      request.threads === undefined
        ? undefined
        : {
            threadCount: request.threads,
            durationMs: THREAD_RUN_MS,
            createCrew: (count) => new ThreadCrew(count),
          },
    onLoad: ({ allocator, repetition }) => {
      context.progress.update(
        () => `on threads: pair ${repetition} of ${request.runs}, ${allocator}`,
      );
    },
    version: readVersion(),
    signal: context.signal,
    onRun: (done, all) => {
      context.progress.update(() => `${formatCount(done)} of ${formatCount(all)} runs`);
    },
  });
}

export const command = defineCommand({
  command: "compare [scenario]",
  describe:
    "Compare two releases on a scenario: paired runs with common random numbers, and for each metric " +
    "the difference, its interval and a verdict (identical, no difference seen, better, worse). " +
    "Without a scenario, --a and --b are result files of earlier runs of `simulate` or `load`; one file " +
    "of `load` on both sides compares its two allocators.",
  examples: [
    ["ipamlab compare scenarios/quickstart.yaml --a v3.28.3 --b v3.28.4", "call by call"],
    ["ipamlab compare my.yaml --a v3.28.4 --b v3.32.1 --runs 30", "30 pairs of runs"],
    [
      "ipamlab compare my.yaml --a v3.28.4 --b v3.32.1 --attribute",
      "which change of Calico did it",
    ],
    [
      "ipamlab compare my.yaml --a pre-3.28.4 --b post-3.28.4 --threads 2",
      "contention, simulated and measured",
    ],
    ["ipamlab compare --a before.json --b after.json", "results of simulate --json, or of load"],
    ["ipamlab compare --a load.json --b load.json", "coarse-lock against lock-reduced"],
  ],
  builder: (yargs) =>
    yargs
      .positional("scenario", {
        describe: "scenario file, or name of one that comes with ipamlab",
        type: "string",
      })
      .option("a", {
        describe: "a release; without a scenario, result files (once for each file)",
        type: "string",
        array: true,
        nargs: 1,
        demandOption: true,
      })
      .option("b", {
        describe: "what it is compared with",
        type: "string",
        array: true,
        nargs: 1,
        demandOption: true,
      })
      .option(
        "runs",
        integerOption("runs", {
          describe: "pairs of runs, where anything is drawn at random; below 6 there is no verdict",
          min: 1,
          max: 10_000,
          default: 20,
        }),
      )
      .option("attribute", {
        describe:
          "switch the behaviours that differ one at a time, to tell which made a difference",
        type: "boolean",
        default: false,
      })
      .option("threads", {
        describe:
          "measure pre-3.28.4 against post-3.28.4 on this many threads as well, in pairs taken in " +
          "turn: allocators in shared memory under one lock, and by compare-and-swap",
        type: "string",
      })
      .option(
        "workers",
        integerOption("workers", {
          describe: "runs at a time; the result does not depend on it; one a core when absent",
          min: 1,
          max: 1024,
        }),
      )
      .option("json", {
        describe: "write the whole comparison to this file; - is standard output",
        type: "string",
      }),
  async run(args, context) {
    const request = {
      ...args,
      workers: args.workers ?? availableParallelism(),
      threads: threadsOption(args.threads),
    };
    const result = await compare(request, context);
    const document = `${JSON.stringify(result, null, 2)}\n`;
    if (args.json === "-") {
      context.stdout.write(document);
      return ExitCode.ok;
    }
    if (args.json !== undefined) await writeOutputFile(args.json, document);
    context.stdout.write(
      "inTurn" in result ? loadComparisonText(result, context) : comparisonText(result, context),
    );
    if (args.json !== undefined) context.stdout.write(`result          ${args.json}\n`);
    return ExitCode.ok;
  },
});
