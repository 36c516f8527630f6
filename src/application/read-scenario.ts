import { METRICS } from "../analysis/metric-catalogue.js";
import { loadScenario } from "../formats/scenario/load-scenario.js";
import type { Scenario } from "../formats/scenario/scenario.js";
import type { TextSourceOptions } from "../formats/text-source.js";
import { KNOWN_RELEASES_TEXT, knownReleases } from "../releases/profiles.js";

/**
 * Reads a scenario file, checked against the releases and the metrics that ipamlab knows. `-` is
 * standard input.
 *
 * @throws BadInput with every fault of the file.
 */
export function readScenario(file: string, options: TextSourceOptions = {}): Promise<Scenario> {
  return loadScenario(file, {
    ...options,
    knownReleases: knownReleases(),
    knownReleasesText: KNOWN_RELEASES_TEXT,
    knownMetrics: METRICS,
  });
}
