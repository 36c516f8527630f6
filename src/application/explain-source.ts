import { readFile } from "node:fs/promises";
import { BadInput } from "../failure/failure.js";
import { SimulationResultSchema } from "../formats/result/simulation-result.js";
import type { Scenario } from "../formats/scenario/scenario.js";
import { readScenario } from "./read-scenario.js";
import { hashOf } from "./simulate-scenario.js";

/**
 * The scenario to explain: the one given, or the one that a result document (`.json`) is of, with the
 * release and the seed of that run.
 *
 * @param scenarioFile where the scenario of a result is; its name when absent.
 * @throws BadInput when a result's scenario is not the one that it was made from.
 */
export async function explainSource(
  source: string,
  scenarioFile: string | undefined,
): Promise<Scenario> {
  if (!source.endsWith(".json")) return readScenario(scenarioFile ?? source);
  const result = await readResult(source);
  const { name, seed, sha256 } = result.scenario;
  if (scenarioFile === undefined && name === "") {
    throw new BadInput({ file: source, message: "say which scenario it is of: --scenario FILE" });
  }
  const scenario = await readScenario(scenarioFile ?? name);
  if (hashOf(scenario) !== sha256) {
    const message =
      `scenario ${scenario.file} is not the one that this result was made from (it differs, or was ` +
      "changed by --set)";
    throw new BadInput({ file: source, message });
  }
  return { ...scenario, seed, release: result.release.name };
}

async function readResult(file: string) {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new BadInput({ file, message: (error as Error).message });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new BadInput({ file, message: `no JSON: ${(error as Error).message}` });
  }
  const parsed = SimulationResultSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const message = "no result document of this version of ipamlab simulate --json";
  throw new BadInput({ file, message });
}
