import { BadInput, type InputFault, InvariantViolation } from "../failure/failure.js";
import { performRun, type RunOutcome, type RunTask } from "./run-task.js";

/** What a thread answers. Errors lose their class on the way, so the known ones are told as values. */
export type WorkerAnswer =
  | { readonly kind: "outcome"; readonly outcome: RunOutcome }
  | { readonly kind: "badInput"; readonly faults: readonly InputFault[] }
  | { readonly kind: "invariant"; readonly invariant: string; readonly detail: string };

/** The job of a thread of the run pool. */
export default async function work(task: RunTask): Promise<WorkerAnswer> {
  try {
    return { kind: "outcome", outcome: await performRun(task) };
  } catch (error) {
    if (error instanceof BadInput) return { kind: "badInput", faults: error.faults };
    if (!(error instanceof InvariantViolation)) throw error;
    return { kind: "invariant", invariant: error.invariant, detail: error.detail };
  }
}
