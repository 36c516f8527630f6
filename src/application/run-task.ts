import { setImmediate as nextTurn } from "node:timers/promises";
import { type RunFigures, runFigures } from "../analysis/comparison/run-figures.js";
import { BadInput } from "../failure/failure.js";
import type { SimulationResult } from "../formats/result/simulation-result.js";
import type { Behaviours } from "../releases/behaviours.js";
import type { BehaviourName } from "../releases/comparison.js";
import { observeBehaviours } from "../releases/observed-behaviours.js";
import { findProfile, unknownReleaseText } from "../releases/profiles.js";
import { readScenario } from "./read-scenario.js";
import { simulateScenario } from "./simulate-scenario.js";

/** One run of a scenario, told in values that can be sent to a thread. */
export interface RunTask {
  /** The scenario, as `readScenario` takes it. */
  readonly file: string;
  readonly release: string;
  readonly seed: string;
  /** Behaviours that are not the release's own. */
  readonly switched: Partial<Behaviours>;
  /** Behaviours of which it is counted how often the run asked for them. */
  readonly counted: readonly BehaviourName[];
  /** Version of ipamlab. */
  readonly version: string;
}

export interface RunOutcome {
  readonly figures: RunFigures;
  readonly scenario: SimulationResult["scenario"];
  readonly provenance: string;
  /** Of the behaviours that were to be counted. */
  readonly asked: ReadonlyMap<BehaviourName, number>;
}

/**
 * Performs a run with its calls hashed.
 *
 * @throws BadInput for a scenario or a trace that cannot be read; the signal's reason when it is
 *   aborted.
 */
export async function performRun(task: RunTask, signal?: AbortSignal): Promise<RunOutcome> {
  const scenario = await readScenario(task.file);
  const profile = findProfile(task.release);
  if (profile === undefined) {
    throw new BadInput({ file: task.file, message: unknownReleaseText(task.release) });
  }
  const observed = observeBehaviours({ ...profile.behaviours, ...task.switched }, task.counted);
  const result = await simulateScenario(
    { ...scenario, seed: task.seed },
    {
      version: task.version,
      profile: { ...profile, behaviours: observed.behaviours },
      fingerprint: true,
      signal,
      onProgress: async () => {
        await nextTurn();
      },
    },
  );
  signal?.throwIfAborted();
  const { scenario: told, provenance } = result;
  return { figures: runFigures(result), scenario: told, provenance, asked: observed.asked };
}
