import { METRICS } from "../analysis/metric-catalogue.js";
import { loadScenario } from "../formats/scenario/load-scenario.js";
import type { Scenario } from "../formats/scenario/scenario.js";
import type { TextSourceOptions } from "../formats/text-source.js";
import { KNOWN_RELEASES_TEXT, knownReleases } from "../releases/profiles.js";
import { scenarioPath, shippedScenario } from "./shipped-scenarios.js";

export interface ReadScenarioOptions extends TextSourceOptions {
  /** Changes of the command line, each `path=value`. */
  readonly set?: readonly string[] | undefined;
}

/**
 * Reads a scenario file, checked against the releases and the metrics that ipamlab knows. `-` is
 * standard input; a bare name that is no file is one of the scenarios that come with ipamlab.
 *
 * @throws BadInput with every fault of the file.
 */
export async function readScenario(
  file: string,
  options: ReadScenarioOptions = {},
): Promise<Scenario> {
  return loadScenario(await scenarioPath(file), {
    ...options,
    findBase: async (name) => (await shippedScenario(name)).file,
    knownReleases: knownReleases(),
    knownReleasesText: KNOWN_RELEASES_TEXT,
    knownMetrics: METRICS,
  });
}
