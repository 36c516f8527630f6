/** The typed library entry: `import { loadScenario, simulateScenario } from "ipamlab"`. */
export { simulateScenario, type SimulateOptions } from "./application/simulate-scenario.js";
export { conform, type ConformOptions } from "./conformance/conform.js";
export type { ConformReport } from "./conformance/report.js";
export { BadInput, EnvironmentError, InvariantViolation, Unsupported } from "./failure/failure.js";
export type { SimulationResult } from "./formats/result/simulation-result.js";
export { loadScenario } from "./formats/scenario/load-scenario.js";
export type { Scenario } from "./formats/scenario/scenario.js";
export { findProfile, knownReleases, type ReleaseProfile } from "./releases/profiles.js";
