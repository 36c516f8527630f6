import { appendFile } from "node:fs/promises";
import { hasPassed } from "../../analysis/gate/gate-check.js";
import {
  acceptEntry,
  checkEntry,
  type GateOptions,
  readBaseline,
  recordEntry,
  withEntries,
} from "../../application/gate.js";
import { ExitCode } from "../../failure/exit-code.js";
import { BadInput, EnvironmentError } from "../../failure/failure.js";
import { unreadable } from "../../formats/text-source.js";
import type { Baseline, BaselineEntry } from "../../formats/result/baseline.js";
import { formatCount } from "../../report/format-number.js";
import { gateAnnotations, gateMarkdown, gateText } from "../../report/gate-text.js";
import { junitXml } from "../../report/junit.js";
import { measuredText } from "../../report/measured-text.js";
import { defineCommand } from "../command.js";
import type { CommandContext } from "../command-context.js";
import { thisMachine } from "../machine.js";
import { writeOutputFile } from "../output-file.js";
import { releaseOption } from "../release-option.js";
import { UsageError } from "../usage-error.js";
import { readVersion } from "../version.js";

const ACTIONS = ["record", "check", "accept"] as const;

interface GateArguments {
  readonly action: (typeof ACTIONS)[number];
  readonly scenarios: readonly string[];
  readonly baseline: string;
  readonly release: string | undefined;
  readonly throughput: boolean | undefined;
  readonly metric: readonly string[] | undefined;
  readonly reason: string | undefined;
  readonly junit: string | undefined;
  readonly github: boolean;
  readonly json: string | undefined;
}

/** Which action an option goes with. */
const OPTION_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  release: ["record"],
  throughput: ["record", "check"],
  metric: ["accept"],
  reason: ["accept"],
  junit: ["check"],
  github: ["check"],
  json: ["check"],
};

function checkUsage(args: GateArguments): void {
  for (const [option, actions] of Object.entries(OPTION_ACTIONS)) {
    const value = args[option as keyof GateArguments];
    if (value !== undefined && value !== false && !actions.includes(args.action)) {
      throw new UsageError(`--${option} goes with ${actions.join(" and ")}`);
    }
  }
  if (args.action === "record" && args.scenarios.length === 0) {
    throw new UsageError("record needs a scenario");
  }
  if (args.action === "accept" && (args.reason ?? "").trim() === "") {
    throw new UsageError("accept needs --reason: why the change is meant");
  }
}

async function writeBaseline(file: string, baseline: Baseline): Promise<void> {
  await writeOutputFile(file, `${JSON.stringify(baseline, null, 2)}\n`);
}

async function record(
  args: GateArguments,
  options: GateOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const release =
    args.release === undefined ? undefined : releaseOption("--release", args.release).name;
  const isNew = (await unreadable(args.baseline)) !== undefined;
  const before = isNew ? undefined : await readBaseline(args.baseline);
  const entries: BaselineEntry[] = [];
  for (const file of args.scenarios) entries.push(await recordEntry({ file, release }, options));
  const baseline = withEntries(before, entries, options.version);
  await writeBaseline(args.baseline, baseline);
  for (const { scenario, release: recorded, figures, fingerprint, throughput } of entries) {
    context.stdout.write(
      `recorded        ${scenario.name} on Calico ${recorded}: ${formatCount(figures.length)} metrics, ` +
        `${formatCount(fingerprint.calls)} datastore calls` +
        `${throughput === null ? "" : ", throughput"}\n`,
    );
  }
  context.stdout.write(`baseline        ${args.baseline}\n`);
  return ExitCode.ok;
}

/** The entries of the scenarios that were named; all without a name. */
function chosen(baseline: Baseline, { scenarios, baseline: file }: GateArguments): BaselineEntry[] {
  for (const scenario of scenarios) {
    if (baseline.entries.some((entry) => entry.file === scenario)) continue;
    const known = baseline.entries.map((entry) => entry.file).join(", ");
    throw new BadInput({ file, message: `holds no ${scenario}; it holds ${known}` });
  }
  if (scenarios.length === 0) return baseline.entries;
  return baseline.entries.filter((entry) => scenarios.includes(entry.file));
}

/** Adds to the page that GitHub shows of a job. */
async function addToSummary(text: string, context: CommandContext): Promise<void> {
  const file = context.env["GITHUB_STEP_SUMMARY"];
  if (file === undefined || file === "") return;
  await appendFile(file, text).catch((error: unknown) => {
    throw new EnvironmentError(`cannot write the job summary ${file}: ${(error as Error).message}`);
  });
}

async function check(
  args: GateArguments,
  options: GateOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const baseline = await readBaseline(args.baseline);
  const reports = [];
  for (const entry of chosen(baseline, args)) {
    reports.push(await checkEntry(entry, args.baseline, options));
  }
  const passed = reports.every(hasPassed);
  if (args.junit !== undefined) await writeOutputFile(args.junit, junitXml(reports));
  const document = {
    ipamlab: { document: "gate", documentVersion: 1, version: options.version },
    baseline: { file: args.baseline, version: baseline.ipamlab.version },
    passed,
    reports,
  };
  if (args.json !== undefined && args.json !== "-") {
    await writeOutputFile(args.json, `${JSON.stringify(document, null, 2)}\n`);
  }
  if (args.github) await addToSummary(gateMarkdown(reports), context);
  if (args.json === "-") {
    context.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    context.stdout.write(gateText(reports, context));
    if (args.github) context.stdout.write(gateAnnotations(reports, args.baseline));
  }
  if (!passed && baseline.ipamlab.version !== options.version) {
    context.stderr.write(
      `ipamlab: the baseline was recorded by version ${baseline.ipamlab.version}, ` +
        `this is ${options.version}: a change may be ipamlab's own\n`,
    );
  }
  return passed ? ExitCode.ok : ExitCode.checkFailed;
}

async function accept(
  args: GateArguments,
  options: GateOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const baseline = await readBaseline(args.baseline);
  const wanted = chosen(baseline, args);
  const metrics = args.metric;
  for (const metric of metrics ?? []) {
    const isKnown = wanted.some(({ figures }) => figures.some(({ name }) => name === metric));
    if (metric === "calls" || isKnown) continue;
    throw new BadInput({ file: "--metric", message: `the baseline has no metric ${metric}` });
  }
  const change = { reason: (args.reason ?? "").trim(), metrics };
  const entries: BaselineEntry[] = [];
  let count = 0;
  for (const entry of baseline.entries) {
    if (!wanted.includes(entry)) {
      entries.push(entry);
      continue;
    }
    const changed = await acceptEntry(entry, args.baseline, change, options);
    entries.push(changed);
    for (const { metric, from, to } of changed.accepted.slice(entry.accepted.length)) {
      count++;
      const unit = entry.figures.find(({ name }) => name === metric)?.unit ?? "count";
      context.stdout.write(
        `accepted        ${entry.scenario.name}: ${metric}: ${measuredText(from, unit)} → ` +
          `${measuredText(to, unit)}\n`,
      );
    }
  }
  await writeBaseline(args.baseline, { ...baseline, entries });
  if (count === 0) context.stdout.write("accepted        nothing: no such change\n");
  return ExitCode.ok;
}

export const command = defineCommand({
  command: "gate <action> [scenarios..]",
  describe:
    "Guard CI by a baseline file in your repository. record simulates scenarios and keeps their " +
    "figures; check simulates them again and fails on any change, since simulated figures are exact " +
    "on every machine; accept takes changes over, with the reason. With --throughput, processor time " +
    "is recorded too, as ratio to a calibration loop, and a slowdown of 4.5 % or more that is seen in " +
    "two measurements fails.",
  examples: [
    ["ipamlab gate record my.yaml", "write ipamlab-baseline.json"],
    ["ipamlab gate check", "in CI: exits with 1 when anything has changed"],
    ["ipamlab gate check --github --junit gate.xml", "with annotations and a summary on GitHub"],
    ['ipamlab gate accept --metric datastore_calls --reason "two pools"', "a change that is meant"],
  ],
  builder: (yargs) =>
    yargs
      .positional("action", {
        describe: "what to do",
        choices: ACTIONS,
        demandOption: true,
      })
      .positional("scenarios", {
        describe: "with record: scenario files, or names; else: only these of the baseline",
        type: "string",
        array: true,
        default: [] as string[],
      })
      .option("baseline", {
        describe: "the baseline file",
        type: "string",
        default: "ipamlab-baseline.json",
      })
      .option("release", {
        describe: "with record: this release instead of the scenario's own",
        type: "string",
      })
      .option("throughput", {
        describe:
          "with record: measure throughput too (40 s to two minutes a scenario); with check, --no-throughput leaves it out",
        type: "boolean",
      })
      .option("metric", {
        describe: "with accept: only this metric, or calls (once for each)",
        type: "string",
        array: true,
        nargs: 1,
      })
      .option("reason", { describe: "with accept: why the change is meant", type: "string" })
      .option("junit", { describe: "with check: write JUnit XML to this file", type: "string" })
      .option("github", {
        describe: "with check: write GitHub's annotations and job summary",
        type: "boolean",
        default: false,
      })
      .option("json", {
        describe: "with check: write all checks to this file; - is standard output",
        type: "string",
      }),
  async run(args, context) {
    checkUsage(args);
    const measures = args.action === "check" ? args.throughput !== false : args.throughput === true;
    const options: GateOptions = {
      version: readVersion(),
      signal: context.signal,
      async onStep(text) {
        context.progress.update(() => text);
        await context.eventLoopTurn();
      },
      machine: measures ? thisMachine() : undefined,
    };
    switch (args.action) {
      case "record":
        return record(args, options, context);
      case "check":
        return check(args, options, context);
      case "accept":
        return accept(args, options, context);
    }
  },
});
