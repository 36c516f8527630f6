import type {
  IncidentReport,
  ScenarioOutcome,
  ScenarioOutcomes,
} from "../analysis/incident-report.js";
import { readScenario } from "./read-scenario.js";
import { FIXED, type ShippedScenario } from "./shipped-scenarios.js";
import { simulateScenario } from "./simulate-scenario.js";

/**
 * The releases of the incident matrix: the last of each line, v3.28.3 next to v3.28.4, and the two
 * models of the write-up.
 */
export const MATRIX_RELEASES = [
  "v3.27.5",
  "v3.28.3",
  "v3.28.4",
  "v3.29.7",
  "v3.30.7",
  "v3.31.6",
  "v3.32.1",
  "pre-3.28.4",
  "post-3.28.4",
] as const;

export interface RunIncidentsOptions {
  /** Version of ipamlab, for the result documents. */
  readonly version: string;
  readonly releases: readonly string[];
  readonly signal?: AbortSignal | undefined;
  /** Called before each run; may wait. */
  readonly onRun?: ((scenario: string, release: string) => Promise<void>) | undefined;
}

async function outcomesOf(
  { name, file, header }: ShippedScenario,
  options: RunIncidentsOptions,
): Promise<ScenarioOutcomes> {
  const scenario = await readScenario(file);
  const releases = [...new Set([scenario.release, ...options.releases])];
  let provenance = "";
  const all: ScenarioOutcome[] = [];
  for (const release of releases) {
    options.signal?.throwIfAborted();
    await options.onRun?.(name, release);
    const result = await simulateScenario({ ...scenario, release }, options);
    options.signal?.throwIfAborted();
    const { thresholds } = result;
    ({ provenance } = result);
    all.push({ release, holds: thresholds.every(({ passed }) => passed), thresholds });
  }
  return {
    name,
    header,
    model: scenario.simulation.model,
    release: scenario.release,
    provenance,
    own: all[0]!,
    outcomes: options.releases.map((each) => all.find(({ release }) => release === each)!),
  };
}

/**
 * Runs incidents and their counterparts on each of the releases, and on the one that each scenario
 * names itself.
 *
 * @param scenarios incidents and counterparts, in the order of the report.
 */
export async function runIncidents(
  scenarios: readonly ShippedScenario[],
  options: RunIncidentsOptions,
): Promise<IncidentReport[]> {
  const reports: IncidentReport[] = [];
  for (const scenario of scenarios.filter(({ name }) => !name.endsWith(FIXED))) {
    const fixed = scenarios.find(({ name }) => name === `${scenario.name}${FIXED}`);
    reports.push({
      incident: await outcomesOf(scenario, options),
      fixed: fixed && (await outcomesOf(fixed, options)),
    });
  }
  return reports;
}
