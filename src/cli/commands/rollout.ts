import { WAVE_METRICS } from "../../analysis/wave-metrics.js";
import { DEFAULT_THRESHOLDS, rehearseRollout } from "../../application/rehearse-rollout.js";
import { readScenario } from "../../application/read-scenario.js";
import { ExitCode } from "../../failure/exit-code.js";
import type { RolloutResult } from "../../formats/result/rollout-result.js";
import { parseSelector, SelectorSyntaxError } from "../../model/selector.js";
import { formatCount, formatDurationUs } from "../../report/format-number.js";
import { rolloutText } from "../../report/rollout-text.js";
import type { WaveSize } from "../../rollout/wave-plan.js";
import { defineCommand } from "../command.js";
import { writeOutputFile } from "../output-file.js";
import { durationOption } from "../plan-options.js";
import { releaseOption } from "../release-option.js";
import { SCENARIO_ARGUMENT, SET_OPTION } from "../scenario-options.js";
import { UsageError } from "../usage-error.js";
import { readVersion } from "../version.js";

/** `1,10%,50%`. */
function wavesOption(text: string): WaveSize[] {
  return text.split(",").map((part) => {
    const match = /^\s*(?<number>\d+(\.\d+)?)(?<percent>\s*%)?\s*$/.exec(part);
    const number = Number(match?.groups!["number"]);
    const isShare = match?.groups!["percent"] !== undefined;
    if (!(number > 0) || (isShare ? number > 100 : !Number.isSafeInteger(number))) {
      throw new UsageError(
        `--waves: expected numbers or percentages of nodes such as 1,10%,50%, got "${text}"`,
      );
    }
    return isShare ? { kind: "share", share: number / 100 } : { kind: "count", count: number };
  });
}

function edgeOption(text: string) {
  const selector = parseSelector(text);
  if (selector instanceof SelectorSyntaxError) {
    throw new UsageError(`--edge: "${text}" is no selector: ${selector.message}`);
  }
  return selector;
}

function exitCodeOf({ verdict }: RolloutResult): ExitCode {
  return verdict === "completed" ? ExitCode.ok : ExitCode.checkFailed;
}

const METRICS_TEXT = WAVE_METRICS.map(({ name }) => name).join(", ");

export const command = defineCommand({
  command: "rollout <scenario>",
  describe:
    "Rehearse a staged upgrade: the control plane first, then nodes in waves, then edge nodes, with " +
    "both releases in one cluster meanwhile. Each wave is watched (success of allocations, p99 until a " +
    "pod's network is ready, leaked addresses); when a threshold fails, the rollout is taken back or " +
    "paused. Tells the waves over time and what is left behind, next to the same run without a " +
    "rollout. Exits with 1 unless the rollout was completed.",
  examples: [
    [
      "ipamlab rollout my.yaml --from v3.28.4 --to v3.29.7",
      "control plane, 1 node, 10 %, 50 %, rest",
    ],
    [
      "ipamlab rollout my.yaml --from v3.28.4 --to v3.32.1 --waves 25%,25%,25% --soak 15m",
      "four equal waves",
    ],
    ["ipamlab rollout my.yaml --from v3.28.4 --to v3.29.7 --edge 'site == \"edge\"'", "edge last"],
    [
      "ipamlab rollout my.yaml --from post-3.28.4 --to pre-3.28.4 --threshold 'pod_network_ready: p(99) < 2s'",
      "an upgrade for the worse",
    ],
    [
      "ipamlab rollout my.yaml --from v3.28.4 --to v3.29.7 --on-failure pause --json out.json",
      "leave it half-way",
    ],
  ],
  builder: (yargs) =>
    yargs
      .positional("scenario", SCENARIO_ARGUMENT)
      .option("from", { describe: "release before", type: "string", demandOption: true })
      .option("to", { describe: "release after", type: "string", demandOption: true })
      .option("waves", {
        describe:
          "how many nodes each wave takes, or which share of the nodes; a last wave takes the rest",
        type: "string",
        default: "1,10%,50%",
      })
      .option("soak", {
        describe:
          "how long each wave is watched; when absent, so that the scenario's workload lasts for all " +
          "waves, or 10m",
        type: "string",
      })
      .option("start-after", {
        describe: "time in which the cluster fills and nobody watches; one soak when absent",
        type: "string",
      })
      .option("edge", {
        describe: "selector over node labels: these nodes come last",
        type: "string",
        default: "has(node-role.kubernetes.io/edge)",
      })
      .option("threshold", {
        describe:
          `what must hold in every wave, may be given several times (${DEFAULT_THRESHOLDS.join("; ")} ` +
          `when absent); metrics: ${METRICS_TEXT}`,
        type: "string",
        array: true,
        nargs: 1,
      })
      .option("on-failure", {
        describe: "what to do when a threshold fails",
        choices: ["rollback", "pause"] as const,
        default: "rollback" as const,
      })
      .option("force", {
        describe: "begin although a threshold fails before; it is not watched then",
        type: "boolean",
        default: false,
      })
      .option("set", SET_OPTION)
      .option("seed", { describe: "run with this seed instead", type: "string" })
      .option("json", {
        describe: "write the whole rollout to this file; - is standard output",
        type: "string",
      }),
  async run(args, context) {
    const duration = (name: string, text: string | undefined) =>
      text === undefined ? undefined : durationOption(name, text);
    const options = {
      from: releaseOption("--from", args.from),
      to: releaseOption("--to", args.to),
      sizes: wavesOption(args.waves),
      edge: edgeOption(args.edge),
      soakUs: duration("soak", args.soak),
      startAfterUs: duration("start-after", args.startAfter),
      thresholds: args.threshold,
      onFailure: args.onFailure,
      force: args.force,
      written: { waves: args.waves, edge: args.edge },
    };
    const read = await readScenario(args.scenario, { set: args.set });
    const result = await rehearseRollout(
      { ...read, seed: args.seed ?? read.seed },
      {
        ...options,
        version: readVersion(),
        signal: context.signal,
        async onProgress({ operations, timeUs, failed }) {
          context.progress.update(
            () =>
              `${formatCount(operations)} operations, rollout at ${formatDurationUs(timeUs)}, ` +
              `${formatCount(failed)} failed`,
          );
          await context.eventLoopTurn();
        },
      },
    );
    const document = `${JSON.stringify(result, null, 2)}\n`;
    if (args.json === "-") {
      context.stdout.write(document);
      return exitCodeOf(result);
    }
    if (args.json !== undefined) await writeOutputFile(args.json, document);
    context.stdout.write(rolloutText(result, context));
    if (args.json !== undefined) context.stdout.write(`result          ${args.json}\n`);
    return exitCodeOf(result);
  },
});
