import { readScenario } from "../../application/read-scenario.js";
import { simulateScenario } from "../../application/simulate-scenario.js";
import { StepReplay } from "../../application/step-replay.js";
import { ExitCode } from "../../failure/exit-code.js";
import { BadInput, InvariantViolation } from "../../failure/failure.js";
import type { SimulationResult } from "../../formats/result/simulation-result.js";
import type { Scenario } from "../../formats/scenario/scenario.js";
import { findProfile, unknownReleaseText } from "../../releases/profiles.js";
import { formatCount, formatDurationUs } from "../../report/format-number.js";
import { simulationText } from "../../report/simulation-text.js";
import { stepText } from "../../report/step-text.js";
import { defineCommand } from "../command.js";
import type { CommandContext } from "../command-context.js";
import { integerOption } from "../number-option.js";
import { writeOutputFile } from "../output-file.js";
import { SCENARIO_ARGUMENT, SET_OPTION } from "../scenario-options.js";
import { readVersion } from "../version.js";

function exitCodeOf({ thresholds, cluster }: SimulationResult): ExitCode {
  const liveness = cluster?.liveness ?? null;
  const isAtRest = liveness === null || liveness.tookUs !== null;
  const holds = isAtRest && thresholds.every(({ passed }) => passed);
  return holds ? ExitCode.ok : ExitCode.checkFailed;
}

/** Performs a run up to one step and tells what happened last, also when a check fails there. */
async function replayStep(
  scenario: Scenario,
  step: number,
  json: string | undefined,
  context: CommandContext,
): Promise<ExitCode> {
  const replay = new StepReplay(step);
  let failure: InvariantViolation | undefined;
  try {
    const signal = context.signal;
    const onProgress = () => context.eventLoopTurn();
    await simulateScenario(scenario, { version: readVersion(), signal, onProgress, replay });
  } catch (error) {
    if (!(error instanceof InvariantViolation)) throw error;
    failure = error;
  }
  const { name, seed, release } = scenario;
  const { events, performed } = replay;
  const document = { scenario: name, release, seed, step, performed, events };
  const text = `${JSON.stringify(document, null, 2)}\n`;
  if (json === "-") context.stdout.write(text);
  else {
    if (json !== undefined) await writeOutputFile(json, text);
    context.stdout.write(stepText(events));
  }
  if (failure !== undefined) throw failure;
  const end =
    performed < step
      ? `the run ended at step ${formatCount(performed)}; every check held`
      : `stopped at step ${formatCount(step)}; every check held, after each of the last 1,000 steps`;
  if (json !== "-") context.stdout.write(`\n${end}\n`);
  return ExitCode.ok;
}

export const command = defineCommand({
  command: "simulate <scenario>",
  describe:
    "Run a scenario (YAML) through Calico's allocator: every pod of its workload gets and gives " +
    "back its addresses exactly as the release would do it. Prints a summary on one screen. Exits " +
    "with 1 when a threshold of the scenario fails, or the cluster does not come to rest in time.",
  examples: [
    ["ipamlab simulate scenarios/quickstart.yaml", "a real cluster trace"],
    ["ipamlab simulate borrowed-addresses", "an incident that comes with ipamlab"],
    ["ipamlab simulate my.yaml --release v3.32.1", "the same with another release"],
    ["ipamlab simulate my.yaml --set nodes.count=50", "the same with one number changed"],
    ["ipamlab simulate my.yaml --json result.json", "keep the whole result"],
    ["ipamlab simulate my.yaml --json -", "the result on standard output, nothing else"],
    [
      "ipamlab simulate my.yaml --replay-step 5000",
      "what happened up to one step, checked closely",
    ],
  ],
  builder: (yargs) =>
    yargs
      .positional("scenario", SCENARIO_ARGUMENT)
      .option("set", SET_OPTION)
      .option("release", { describe: "run with this release instead", type: "string" })
      .option("seed", { describe: "run with this seed instead", type: "string" })
      .option(
        "replay-step",
        integerOption("replay-step", {
          describe:
            "perform the run up to this step of its clock, with the whole state checked after each " +
            "of the last 1,000 steps, and tell what happened last: for a broken invariant, whose " +
            "message names the step. Give the same --set, --release and --seed",
          min: 1,
          max: Number.MAX_SAFE_INTEGER,
        }),
      )
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
    const step = args["replay-step"];
    if (step !== undefined) return replayStep(scenario, step, args.json, context);
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
