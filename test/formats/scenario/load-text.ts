import { Readable } from "node:stream";
import { METRICS } from "../../../src/analysis/metric-catalogue.js";
import { loadScenario } from "../../../src/formats/scenario/load-scenario.js";
import type { Scenario } from "../../../src/formats/scenario/scenario.js";
import { KNOWN_RELEASES } from "../known-releases.js";

/** Loads a scenario from text, as from standard input; paths start from the repository. */
export function loadText(text: string): Promise<Scenario> {
  const stdin = Readable.from([Buffer.from(text)]);
  return loadScenario("-", { knownReleases: KNOWN_RELEASES, knownMetrics: METRICS, stdin });
}
