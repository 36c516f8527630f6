/** The typed library entry: `import { readScenario, simulateScenario } from "ipamlab"`. */
export { readScenario } from "./application/read-scenario.js";
export { simulateScenario, type SimulateOptions } from "./application/simulate-scenario.js";
export { conform, type ConformOptions } from "./conformance/conform.js";
export type { ConformReport } from "./conformance/report.js";
export { BadInput, EnvironmentError, InvariantViolation, Unsupported } from "./failure/failure.js";
export type { SimulationResult } from "./formats/result/simulation-result.js";
export type { Scenario } from "./formats/scenario/scenario.js";
export { findProfile, knownReleases, type ReleaseProfile } from "./releases/profiles.js";
