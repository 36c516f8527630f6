import { readScenario } from "../../application/read-scenario.js";
import { simulateScenario } from "../../application/simulate-scenario.js";
import { ExitCode } from "../../failure/exit-code.js";
import { BadInput } from "../../failure/failure.js";
import type { SimulationResult } from "../../formats/result/simulation-result.js";
import { findProfile, unknownReleaseText } from "../../releases/profiles.js";
import { formatCount, formatDurationUs } from "../../report/format-number.js";
import { simulationText } from "../../report/simulation-text.js";
import { defineCommand } from "../command.js";
import { writeOutputFile } from "../output-file.js";
import { SCENARIO_ARGUMENT, SET_OPTION } from "../scenario-options.js";
import { readVersion } from "../version.js";

function exitCodeOf({ thresholds }: SimulationResult): ExitCode {
  return thresholds.every(({ passed }) => passed) ? ExitCode.ok : ExitCode.checkFailed;
}

export const command = defineCommand({
  command: "simulate <scenario>",
  describe:
    "Run a scenario (YAML) through Calico's allocator: every pod of its workload gets and gives " +
    "back its addresses exactly as the release would do it. Prints a summary on one screen. Exits " +
    "with 1 when a threshold of the scenario fails.",
  examples: [
    ["ipamlab simulate scenarios/quickstart.yaml", "a real cluster trace"],
    ["ipamlab simulate borrowed-addresses", "an incident that comes with ipamlab"],
    ["ipamlab simulate my.yaml --release v3.32.1", "the same with another release"],
    ["ipamlab simulate my.yaml --set nodes.count=50", "the same with one number changed"],
    ["ipamlab simulate my.yaml --json result.json", "keep the whole result"],
    ["ipamlab simulate my.yaml --json -", "the result on standard output, nothing else"],
  ],
  builder: (yargs) =>
    yargs
      .positional("scenario", SCENARIO_ARGUMENT)
      .option("set", SET_OPTION)
      .option("release", { describe: "run with this release instead", type: "string" })
      .option("seed", { describe: "run with this seed instead", type: "string" })
      .option("json", {
        describe: "write the whole result document to this file; - is standard output",
        type: "string",
      }),
  async run(args, context) {
    if (args.release !== undefined && findProfile(args.release) === undefined) {
      throw new BadInput({ file: "--release", message: unknownReleaseText(args.release) });
    }
    const read = await readScenario(args.scenario, { set: args.set });
    const scenario = {
      ...read,
      release: args.release ?? read.release,
      seed: args.seed ?? read.seed,
    };
    const startMs = context.now();
    const result = await simulateScenario(scenario, {
      version: readVersion(),
      fingerprint: args.json !== undefined,
      signal: context.signal,
      async onProgress({ operations, timeUs, addressesInUse, failed }) {
        context.progress.update(() => {
          const perSecond = operations / ((context.now() - startMs) / 1000);
          return (
            `${formatCount(operations)} operations, ${formatCount(perSecond)}/s, ` +
            `trace at ${formatDurationUs(timeUs)}, ${formatCount(addressesInUse)} addresses, ` +
            `${formatCount(failed)} failed`
          );
        });
        await context.eventLoopTurn();
      },
    });
    const elapsedMs = context.now() - startMs;
    const document = `${JSON.stringify(result, null, 2)}\n`;
    if (args.json === "-") {
      context.stdout.write(document);
      return exitCodeOf(result);
    }
    if (args.json !== undefined) await writeOutputFile(args.json, document);
    context.stdout.write(simulationText(result, { elapsedMs }, context));
    if (args.json !== undefined) context.stdout.write(`result          ${args.json}\n`);
    return exitCodeOf(result);
  },
});
