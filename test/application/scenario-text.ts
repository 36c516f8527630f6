import { Readable } from "node:stream";
import { readScenario } from "../../src/application/read-scenario.js";
import type { Scenario } from "../../src/formats/scenario/scenario.js";

/** Reads a scenario that a test has as a text. */
export function scenarioOf(text: string): Promise<Scenario> {
  return readScenario("-", { stdin: Readable.from([Buffer.from(text)]) });
}
