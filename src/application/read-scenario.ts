import { METRICS } from "../analysis/metric-catalogue.js";
import { loadScenario } from "../formats/scenario/load-scenario.js";
import type { Scenario } from "../formats/scenario/scenario.js";
import type { TextSourceOptions } from "../formats/text-source.js";
import { KNOWN_RELEASES_TEXT, knownReleases } from "../releases/profiles.js";
import { scenarioPath } from "./shipped-scenarios.js";

/**
 * Reads a scenario file, checked against the releases and the metrics that ipamlab knows. `-` is
 * standard input; a bare name that is no file is one of the scenarios that come with ipamlab.
 *
 * @throws BadInput with every fault of the file.
 */
export async function readScenario(
  file: string,
  options: TextSourceOptions = {},
): Promise<Scenario> {
  return loadScenario(await scenarioPath(file), {
    ...options,
    knownReleases: knownReleases(),
    knownReleasesText: KNOWN_RELEASES_TEXT,
    knownMetrics: METRICS,
  });
}
