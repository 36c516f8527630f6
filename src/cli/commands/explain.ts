import { explainPods, type PodChoice } from "../../application/explain-pods.js";
import { explainSource } from "../../application/explain-source.js";
import { ExitCode } from "../../failure/exit-code.js";
import { BadInput } from "../../failure/failure.js";
import { findProfile, unknownReleaseText } from "../../releases/profiles.js";
import { formatCount, formatDurationUs } from "../../report/format-number.js";
import { storyText } from "../../report/story-text.js";
import { wrapped } from "../../report/wrapped.js";
import { defineCommand } from "../command.js";
import { integerOption } from "../number-option.js";
import { writeOutputFile } from "../output-file.js";
import { readVersion } from "../version.js";

interface Choices {
  readonly pod: string | undefined;
  readonly slowest: number | undefined;
  readonly failed: boolean | undefined;
  readonly limit: number;
}

function choiceOf({ pod, slowest, failed, limit }: Choices): PodChoice {
  const given = [pod, slowest, failed === true ? true : undefined];
  if (given.filter((value) => value !== undefined).length > 1) {
    const message = "--pod, --slowest and --failed exclude each other";
    throw new BadInput({ file: "explain", message });
  }
  if (pod !== undefined) return { by: "name", name: pod };
  if (failed === true) return { by: "failed", count: limit };
  return { by: "slowest", count: slowest ?? 1 };
}

export const command = defineCommand({
  command: "explain <source>",
  describe:
    "Tell the story of single pods of a scenario with model: cluster: when each was meant to start, " +
    "who held the node's lock, every request with its wait and its cost, retries, what the kubelet " +
    "saw, the handles and addresses that it left behind for nobody, and which behaviour of the release " +
    "later ones do not have. Takes a scenario, or a result of " +
    "ipamlab simulate --json, whose run is repeated.",
  examples: [
    ["ipamlab explain my.yaml --pod web-17", "one pod"],
    ["ipamlab explain my.yaml --slowest 3", "the three that waited longest for their network"],
    ["ipamlab explain my.yaml --failed", "the first pods with a failed ADD"],
    ["ipamlab explain result.json --scenario my.yaml --failed", "the same of a stored result"],
  ],
  builder: (yargs) =>
    yargs
      .positional("source", {
        describe: "scenario file, name of one that comes with ipamlab, or result document",
        type: "string",
        demandOption: true,
      })
      .option("pod", { describe: "explain the pod of this name", type: "string" })
      .option(
        "slowest",
        integerOption("slowest", { describe: "explain the slowest pods", min: 1, max: 1000 }),
      )
      .option("failed", { describe: "explain pods with a failed ADD", type: "boolean" })
      .option(
        "limit",
        integerOption("limit", {
          describe: "most pods to explain with --failed",
          min: 1,
          max: 1000,
          default: 3,
        }),
      )
      .option("scenario", { describe: "scenario of a result document", type: "string" })
      .option("release", { describe: "run with this release instead", type: "string" })
      .option("json", {
        describe: "write the stories to this file; - is standard output",
        type: "string",
      }),
  async run(args, context) {
    if (args.release !== undefined && findProfile(args.release) === undefined) {
      throw new BadInput({ file: "--release", message: unknownReleaseText(args.release) });
    }
    const choice = choiceOf(args);
    const read = await explainSource(args.source, args.scenario);
    const scenario = { ...read, release: args.release ?? read.release };
    const { pods, candidates, result } = await explainPods(scenario, choice, {
      version: readVersion(),
      signal: context.signal,
      async onProgress({ operations, timeUs }) {
        context.progress.update(
          () => `${formatCount(operations)} operations, at ${formatDurationUs(timeUs)}`,
        );
        await context.eventLoopTurn();
      },
    });
    if (choice.by === "name" && pods.length === 0) {
      const message = `no pod ${choice.name} comes up in this scenario; see --slowest and --failed`;
      throw new BadInput({ file: scenario.file, message });
    }
    const { release, provenance } = result;
    const document = `${JSON.stringify({ release: release.name, candidates, pods, provenance }, null, 2)}\n`;
    if (args.json === "-") {
      context.stdout.write(document);
      return ExitCode.ok;
    }
    if (args.json !== undefined) await writeOutputFile(args.json, document);
    const { width } = context;
    if (choice.by === "failed") {
      const shown = candidates > pods.length ? `; the first ${formatCount(pods.length)}:` : "";
      context.stdout.write(`${formatCount(candidates)} pods had a failed ADD${shown}\n\n`);
    }
    context.stdout.write(pods.map((story) => storyText(story, width)).join("\n"));
    const lines = [
      ...(pods.length === 0 ? [] : [""]),
      ...wrapped("release", `${release.name}: ${release.provenance}`, width),
      ...wrapped("figures", provenance, width),
      ...(result.cluster?.assumptions ?? []).flatMap((text) => wrapped("assumed", text, width)),
    ];
    context.stdout.write(`${lines.join("\n")}\n`);
    return ExitCode.ok;
  },
});
