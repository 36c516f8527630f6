import {
  FIXED,
  type ShippedScenario,
  shippedScenario,
  shippedScenarios,
} from "../../application/shipped-scenarios.js";
import { isAsShipped } from "../../analysis/incident-report.js";
import { MATRIX_RELEASES, runIncidents } from "../../application/run-incidents.js";
import { ExitCode } from "../../failure/exit-code.js";
import { BadInput } from "../../failure/failure.js";
import { findProfile, unknownReleaseText } from "../../releases/profiles.js";
import { incidentDocument, incidentTable } from "../../report/incident-document.js";
import { formatTable } from "../../report/table.js";
import { defineCommand } from "../command.js";
import type { CommandContext } from "../command-context.js";
import { UsageError } from "../usage-error.js";
import { readVersion } from "../version.js";

const ACTIONS = ["list", "show", "run"] as const;

function listText(scenarios: readonly ShippedScenario[], color: boolean): string {
  const columns = [{ title: "scenario" }, { title: "what happens" }];
  const rows = scenarios.map(({ name, header }) => [name, header.title]);
  return (
    `${formatTable(columns, rows, { color })}\n` +
    "Run one with ipamlab simulate NAME; ipamlab scenarios show NAME prints it, to start from.\n" +
    "The thresholds of an incident hold when it is reproduced, those of NAME-fixed when it is cured.\n"
  );
}

function describeJson({ name, file, isIncident, header }: ShippedScenario): unknown {
  return { name, file, isIncident, ...header };
}

function releasesOf(text: string | undefined): readonly string[] {
  if (text === undefined) return MATRIX_RELEASES;
  return text.split(",").map((part) => {
    const profile = findProfile(part.trim());
    if (profile !== undefined) return profile.name;
    throw new BadInput({ file: "--releases", message: unknownReleaseText(part.trim()) });
  });
}

/** The incident with its counterpart, whichever of the two is named; all of them without a name. */
async function incidentsOf(name: string | undefined): Promise<readonly ShippedScenario[]> {
  const all = (await shippedScenarios()).filter(({ isIncident }) => isIncident);
  if (name === undefined) return all;
  const named = await shippedScenario(name);
  if (!named.isIncident) throw new BadInput({ file: name, message: "is not an incident" });
  const base = name.endsWith(FIXED) ? name.slice(0, -FIXED.length) : name;
  return all.filter((scenario) => [base, `${base}${FIXED}`].includes(scenario.name));
}

interface MatrixOptions {
  readonly releases: string | undefined;
  readonly markdown: boolean;
  readonly json: boolean;
}

async function runMatrix(
  name: string | undefined,
  { releases: asked, markdown, json }: MatrixOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const releases = releasesOf(asked);
  const reports = await runIncidents(await incidentsOf(name), {
    version: readVersion(),
    releases,
    signal: context.signal,
    async onRun(scenario, release) {
      context.progress.update(() => `${scenario} on ${release}`);
      await context.eventLoopTurn();
    },
  });
  if (json) context.stdout.write(`${JSON.stringify(reports, null, 2)}\n`);
  else if (markdown) context.stdout.write(`${incidentDocument(reports, releases)}\n`);
  else context.stdout.write(incidentTable(reports, releases, context.color));
  const wrong = reports.filter((report) => !isAsShipped(report));
  for (const { incident } of wrong) {
    context.stderr.write(`ipamlab: ${incident.name} does not show what it says\n`);
  }
  return wrong.length === 0 ? ExitCode.ok : ExitCode.checkFailed;
}

export const command = defineCommand({
  command: "scenarios [action] [name]",
  describe:
    "The scenarios that come with ipamlab: incidents that were reported, as files that reproduce " +
    "them, each with what cures it (NAME-fixed). Start from the one nearest to yours.",
  examples: [
    ["ipamlab scenarios", "a line for each"],
    ["ipamlab scenarios show borrowed-addresses", "its story, and the scenario itself"],
    ["ipamlab scenarios show borrowed-addresses > mine.yaml", "a copy to change"],
    ["ipamlab scenarios run", "which releases reproduce which incident"],
    ["ipamlab simulate borrowed-addresses --release v3.32.1", "run one, here on another release"],
  ],
  builder: (yargs) =>
    yargs
      .positional("action", {
        describe: "what to do",
        choices: ACTIONS,
        default: "list" as const,
      })
      .positional("name", { describe: "with show and run: which scenario", type: "string" })
      .option("releases", {
        describe: "with run: these releases, separated by commas; one of each line when absent",
        type: "string",
      })
      .option("markdown", {
        describe: "with run: write the tables of docs/incidents.md",
        type: "boolean",
        default: false,
      })
      .option("json", { describe: "write JSON", type: "boolean", default: false }),
  async run({ action, name, json, markdown, releases }, context) {
    if (json && markdown) throw new UsageError("--markdown cannot be joined with --json");
    if (action !== "run" && (markdown || releases !== undefined)) {
      throw new UsageError(`${markdown ? "--markdown" : "--releases"} goes with run`);
    }
    if (action === "run") return runMatrix(name, { releases, markdown, json }, context);
    if (action === "list") {
      if (name !== undefined) throw new UsageError("list takes no name; show NAME shows one");
      const scenarios = await shippedScenarios();
      const document = `${JSON.stringify(scenarios.map(describeJson), null, 2)}\n`;
      context.stdout.write(json ? document : listText(scenarios, context.color));
      return ExitCode.ok;
    }
    if (name === undefined) {
      throw new UsageError("show needs the name of a scenario; ipamlab scenarios lists them");
    }
    const scenario = await shippedScenario(name);
    const described = { ...(describeJson(scenario) as object), text: scenario.text };
    context.stdout.write(json ? `${JSON.stringify(described, null, 2)}\n` : scenario.text);
    return ExitCode.ok;
  },
});
