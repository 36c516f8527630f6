import type { SimulationResult } from "../formats/result/simulation-result.js";
import type { ScenarioHeader } from "../formats/scenario/scenario-header.js";

/** A scenario run on one release. */
export interface ScenarioOutcome {
  readonly release: string;
  /** Whether all thresholds hold. */
  readonly holds: boolean;
  readonly thresholds: SimulationResult["thresholds"];
}

/** A scenario that comes with ipamlab, run on several releases. */
export interface ScenarioOutcomes {
  readonly name: string;
  readonly header: ScenarioHeader;
  /** `allocator` or `cluster`. */
  readonly model: string;
  /** The release that the scenario itself names. */
  readonly release: string;
  /** How the figures were obtained. */
  readonly provenance: string;
  readonly own: ScenarioOutcome;
  readonly outcomes: readonly ScenarioOutcome[];
}

/** An incident and what cures it. */
export interface IncidentReport {
  readonly incident: ScenarioOutcomes;
  readonly fixed: ScenarioOutcomes | undefined;
}

/** What a cell of the matrix says. */
export type Verdict = "reproduced" | "not seen" | "cured" | "not cured";

/** What an incident's thresholds come to: they hold when it is reproduced. */
export function incidentVerdict({ holds }: ScenarioOutcome): Verdict {
  return holds ? "reproduced" : "not seen";
}

/** What the counterpart's thresholds come to: they hold when the incident is cured. */
export function fixedVerdict({ holds }: ScenarioOutcome): Verdict {
  return holds ? "cured" : "not cured";
}

/** Whether the incident is reproduced, and its counterpart cured, each on its own release. */
export function isAsShipped({ incident, fixed }: IncidentReport): boolean {
  return incident.own.holds && (fixed === undefined || fixed.own.holds);
}
