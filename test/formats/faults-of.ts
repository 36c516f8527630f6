import { BadInput } from "../../src/failure/failure.js";

/** The lines of the BadInput that the promise rejects with. Anything else fails the test. */
export async function faultsOf(promise: Promise<unknown>): Promise<string[]> {
  const outcome = await promise.then(
    () => "accepted",
    (error: unknown) => error,
  );
  if (outcome instanceof BadInput) return outcome.message.split("\n");
  throw new Error("expected BadInput", { cause: outcome });
}
