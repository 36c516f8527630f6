import { exportText, type FinalState } from "../../application/export-cluster.js";
import { readScenario } from "../../application/read-scenario.js";
import { simulateScenario } from "../../application/simulate-scenario.js";
import { ExitCode } from "../../failure/exit-code.js";
import { BadInput } from "../../failure/failure.js";
import { DURATION_TEXT, parseDuration } from "../../formats/scenario/duration.js";
import { findProfile, unknownReleaseText } from "../../releases/profiles.js";
import { formatCount, formatDurationUs } from "../../report/format-number.js";
import { defineCommand } from "../command.js";
import { writeOutputFile } from "../output-file.js";
import { SET_OPTION } from "../scenario-options.js";
import { readVersion } from "../version.js";

function timeOf(at: string | undefined): number | undefined {
  if (at === undefined) return undefined;
  const timeUs = parseDuration(at);
  if (timeUs !== undefined) return timeUs;
  throw new BadInput({ file: "--at", message: `expected ${DURATION_TEXT}, found "${at}"` });
}

export const command = defineCommand({
  command: "export <scenario>",
  describe:
    "Run a scenario and write the cluster that it ends with, as Kubernetes objects or as keys of " +
    "Calico's etcd datastore, with the fields that the release stores. calicoctl ipam show and " +
    "check, and ipamlab show, check and import read it.",
  examples: [
    ["ipamlab export scenarios/quickstart.yaml -o state.json", "then: ipamlab check state.json"],
    ["ipamlab export my.yaml --at 2h -o state.json", "as it is after two hours"],
    [
      "ipamlab export my.yaml --objects ipam -o - | kubectl apply --server-side -f -",
      "into a test cluster",
    ],
    ["ipamlab export my.yaml --format etcd -o state.txt", "a key, then its value, a line each"],
  ],
  builder: (yargs) =>
    yargs
      .positional("scenario", {
        describe: "scenario file, or name of one that comes with ipamlab; - is standard input",
        type: "string",
        demandOption: true,
      })
      .option("output", {
        alias: "o",
        describe: "file to write; - is standard output",
        type: "string",
        demandOption: true,
      })
      .option("format", {
        describe: "kubernetes: as kubectl get -o json prints it; etcd: as etcdctl get prints it",
        choices: ["kubernetes", "etcd"] as const,
        default: "kubernetes" as const,
      })
      .option("objects", {
        describe: "ipam: without nodes and pods, for a cluster that has its own",
        choices: ["all", "ipam"] as const,
        default: "all" as const,
      })
      .option("at", {
        describe: "time of the run to stop at; its end when absent",
        type: "string",
      })
      .option("set", SET_OPTION)
      .option("release", { describe: "run with this release instead", type: "string" })
      .option("seed", { describe: "run with this seed instead", type: "string" }),
  async run(args, context) {
    const { format, objects, output } = args;
    if (output === "") {
      throw new BadInput({ file: "--output", message: "expected the path of a file, or -" });
    }
    if (args.release !== undefined && findProfile(args.release) === undefined) {
      throw new BadInput({ file: "--release", message: unknownReleaseText(args.release) });
    }
    const duration = timeOf(args.at);
    const read = await readScenario(args.scenario, { set: args.set });
    const scenario = {
      ...read,
      release: args.release ?? read.release,
      seed: args.seed ?? read.seed,
      simulation: { ...read.simulation, duration: duration ?? read.simulation.duration },
    };
    let state: FinalState | undefined;
    const result = await simulateScenario(scenario, {
      version: readVersion(),
      signal: context.signal,
      onEnd(final) {
        state = final;
      },
      async onProgress({ operations, timeUs }) {
        context.progress.update(
          () => `${formatCount(operations)} operations, at ${formatDurationUs(timeUs)}`,
        );
        await context.eventLoopTurn();
      },
    });
    if (state === undefined) throw new TypeError("the run has no end state");
    const text = exportText(state, { format, objects });
    if (output === "-") {
      for (const piece of text) context.stdout.write(piece);
      return ExitCode.ok;
    }
    await writeOutputFile(output, text);
    const interrupted = result.completed ? "" : " (interrupted: the part that ran)";
    const { addresses, blocks } = result;
    context.stdout.write(
      `${output}: ${formatCount(blocks.final)} blocks, ${formatCount(addresses.final)} addresses, ` +
        `Calico ${result.release.name}${interrupted}\n`,
    );
    return ExitCode.ok;
  },
});
