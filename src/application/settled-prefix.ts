/**
 * The values of the promises from the first one on, up to the first that an interruption ended. All
 * are waited for.
 *
 * @throws the first error that is no interruption.
 */
export async function settledPrefix<T>(
  promises: readonly Promise<T>[],
  signal: AbortSignal | undefined,
): Promise<T[]> {
  const settled = await Promise.allSettled(promises);
  const values: T[] = [];
  let isCut = false;
  for (const outcome of settled) {
    if (outcome.status === "fulfilled") {
      if (!isCut) values.push(outcome.value);
    } else if (signal?.aborted === true && outcome.reason === signal.reason) {
      isCut = true;
    } else {
      throw outcome.reason;
    }
  }
  return values;
}
