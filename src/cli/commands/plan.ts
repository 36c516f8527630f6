import { availableParallelism } from "node:os";
import type { Argv } from "yargs";
import { readScenario } from "../../application/read-scenario.js";
import { ExitCode } from "../../failure/exit-code.js";
import { BadInput } from "../../failure/failure.js";
import { createPlan } from "../../planning/create-plan.js";
import type { Scenario } from "../../formats/scenario/scenario.js";
import { scenarioOfDump } from "../../planning/dump-scenario.js";
import { findProfile, unknownReleaseText } from "../../releases/profiles.js";
import { formatCount } from "../../report/format-number.js";
import { planText } from "../../report/plan-text.js";
import { defineCommand } from "../command.js";
import { readDumpInput } from "../dump-input.js";
import { integerOption } from "../number-option.js";
import { writeOutputFile } from "../output-file.js";
import { isDump } from "../plan-input.js";
import { durationOption, growthOption, rangeOption, riskOption } from "../plan-options.js";
import { SET_OPTION } from "../scenario-options.js";
import { readVersion } from "../version.js";

/** How far a plan of a dump looks when nothing is said. */
const DUMP_HORIZON_US = 30 * 86_400e6;

/** What is assumed of a cluster beside its scenario or dump. */
function declareAssumptions(yargs: Argv) {
  return yargs
    .option("grow", { describe: "growth, as in nodes=5%/month", type: "string" })
    .option("range", {
      describe: "uncertain input, as in nodes=300..420, pods=0.8..1.5 or lifetime=0.5..2",
      type: "string",
      array: true,
      default: [] as string[],
    })
    .option("tunnels", {
      describe: "each node takes an address for its tunnel (VXLAN, IP-in-IP) before its pods",
      type: "boolean",
      default: false,
    })
    .option("borrowing-fails", {
      describe:
        "count an address from another node's block as a failure, for networks that route blocks " +
        "only",
      type: "boolean",
      default: false,
    })
    .option("ignore-timing", {
      describe:
        "plan a scenario with model: cluster on counts, many times as fast, without time-outs",
      type: "boolean",
      default: false,
    })
    .option("pod-lifetime", {
      describe: "of a dump: how long a pod lives on average, as in 6h",
      type: "string",
      default: "1d",
    })
    .option(
      "max-pods",
      integerOption("max-pods", {
        describe: "of a dump: pods that a node takes",
        min: 1,
        max: 1e6,
        default: 110,
      }),
    );
}

export const command = defineCommand({
  command: "plan <input>",
  describe:
    "Tell how likely a cluster is to run out of addresses or blocks within a time, by many runs of " +
    "a scenario (YAML) with different random draws: the risk with its 95 % interval, for each " +
    "reason, and when. The scenario's random executors (poisson, lifetimes) make the runs differ. A " +
    "dump is planned as it is, with its pods coming and going at an assumed pace. A scenario with " +
    "model: cluster is run with its timing, so that time-outs are counted; all others without, which " +
    "is many times as fast.",
  examples: [
    ["ipamlab plan my.yaml --horizon 90d", "the risk of this quarter"],
    ["ipamlab plan my.yaml --grow nodes=5%/month --horizon 180d", "while the cluster grows"],
    ["ipamlab plan my.yaml --risk 0.1%", "which setting keeps the risk that low, and why"],
    ["ipamlab plan my.yaml --range pods=0.8..1.5", "when the number of pods is a guess"],
    ["ipamlab plan my.yaml --time-budget 30s", "what can be told in half a minute"],
    [
      "ipamlab plan slow-api-server.yaml --runs 200",
      "time-outs, of a scenario with model: cluster",
    ],
    ["ipamlab plan cluster.json --grow nodes=5%/month", "a real cluster, from a kubectl dump"],
    ["ipamlab plan my.yaml --json plan.json", "keep everything"],
  ],
  builder: (yargs) =>
    declareAssumptions(yargs)
      .positional("input", {
        describe:
          "scenario file, or name of one that comes with ipamlab, or - for standard input; or a " +
          "dump of a cluster (file or folder), as ipamlab show takes it",
        type: "string",
        demandOption: true,
      })
      .option("set", SET_OPTION)
      .option("runs", integerOption("runs", { describe: "runs", min: 1, max: 1e7, default: 1000 }))
      .option(
        "workers",
        integerOption("workers", {
          describe: "threads; as many as there are processors when absent",
          min: 1,
          max: 1024,
        }),
      )
      .option("horizon", {
        describe:
          "when a run ends, as in 90d or 12h; as the scenario says when absent, 30d for a dump",
        type: "string",
      })
      .option("risk", {
        describe:
          "risk that is acceptable, as in 0.1%: looks for block size, pool size, block limit, " +
          "affinity and nodes that keep it, and recommends one; headroom is for 1% when absent",
        type: "string",
      })
      .option("headroom", {
        describe: "tell how many more nodes or pods there may be; --no-headroom saves the time",
        type: "boolean",
        default: true,
      })
      .option("sensitivity", {
        describe: "tell which inputs move the risk: within --range, else by a fifth",
        type: "boolean",
        default: false,
      })
      .option("rare", {
        describe: "estimate risks below what plain runs can tell, by multilevel splitting",
        type: "boolean",
        default: false,
      })
      .option(
        "probe-runs",
        integerOption("probe-runs", {
          describe:
            "runs of each question of headroom, --risk and --sensitivity; twice what the " +
            "risk needs when absent",
          min: 10,
          max: 1e6,
        }),
      )
      .option("time-budget", {
        describe: "begin no further run after this time, as in 30s",
        type: "string",
      })
      .option("release", { describe: "plan with this release instead", type: "string" })
      .option("seed", { describe: "plan with this seed instead", type: "string" })
      .option("json", {
        describe: "write the whole plan to this file; - is standard output",
        type: "string",
      }),
  async run(args, context) {
    if (args.release !== undefined && findProfile(args.release) === undefined) {
      throw new BadInput({ file: "--release", message: unknownReleaseText(args.release) });
    }
    const { horizon, grow, timeBudget } = args;
    const target = riskOption(args.risk ?? "1%");
    const options = {
      version: readVersion(),
      runs: args.runs,
      workers: args.workers ?? availableParallelism(),
      horizonUs: horizon === undefined ? undefined : durationOption("horizon", horizon),
      hasTunnels: args.tunnels,
      isBorrowingFailure: args.borrowingFails,
      isTimingIgnored: args.ignoreTiming,
      nodeGrowth: grow === undefined ? null : growthOption(grow),
      ranges: args.range.map(rangeOption),
      target,
      probeRuns: args.probeRuns ?? Math.max(100, Math.ceil(2 / target)),
      seeksHeadroom: args.headroom,
      seeksSettings: args.risk !== undefined,
      seeksSensitivity: args.sensitivity,
      seeksRareEvents: args.rare,
      timeBudgetMs:
        timeBudget === undefined ? Infinity : durationOption("time-budget", timeBudget) / 1000,
      nowMs: () => context.now(),
      signal: context.signal,
      turn: () => context.eventLoopTurn(),
      onProgress(what: string, done: number, of: number) {
        context.progress.update(() => `${what}: ${formatCount(done)} of ${formatCount(of)}`);
      },
    };
    const { input, release, seed } = args;
    let scenario: Scenario;
    if (await isDump(input)) {
      scenario = scenarioOfDump(await readDumpInput([input], context), [input], {
        podLifetimeUs: durationOption("pod-lifetime", args.podLifetime),
        horizonUs: options.horizonUs ?? DUMP_HORIZON_US,
        maxPods: args.maxPods,
        seed: seed ?? "1",
        release,
      });
    } else {
      const read = await readScenario(input, { set: args.set });
      scenario = { ...read, release: release ?? read.release, seed: seed ?? read.seed };
    }
    const startMs = context.now();
    const plan = await createPlan(scenario, options);
    const document = `${JSON.stringify(plan, null, 2)}\n`;
    if (args.json === "-") {
      context.stdout.write(document);
      return ExitCode.ok;
    }
    if (args.json !== undefined) await writeOutputFile(args.json, document);
    context.stdout.write(planText(plan, context.now() - startMs, context));
    if (args.json !== undefined) context.stdout.write(`plan            ${args.json}\n`);
    return ExitCode.ok;
  },
});
