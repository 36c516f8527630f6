import {
  type ShippedScenario,
  shippedScenario,
  shippedScenarios,
} from "../../application/shipped-scenarios.js";
import { ExitCode } from "../../failure/exit-code.js";
import { formatTable } from "../../report/table.js";
import { defineCommand } from "../command.js";
import { UsageError } from "../usage-error.js";

const ACTIONS = ["list", "show"] as const;

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

export const command = defineCommand({
  command: "scenarios [action] [name]",
  describe:
    "The scenarios that come with ipamlab: incidents that were reported, as files that reproduce " +
    "them, each with what cures it (NAME-fixed). Start from the one nearest to yours.",
  examples: [
    ["ipamlab scenarios", "a line for each"],
    ["ipamlab scenarios show borrowed-addresses", "its story, and the scenario itself"],
    ["ipamlab scenarios show borrowed-addresses > mine.yaml", "a copy to change"],
    ["ipamlab simulate borrowed-addresses --release v3.32.1", "run one, here on another release"],
  ],
  builder: (yargs) =>
    yargs
      .positional("action", {
        describe: "what to do",
        choices: ACTIONS,
        default: "list" as const,
      })
      .positional("name", { describe: "with show: which scenario", type: "string" })
      .option("json", { describe: "write JSON", type: "boolean", default: false }),
  async run({ action, name, json }, context) {
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
