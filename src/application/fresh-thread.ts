import { Piscina } from "piscina";

/**
 * Performs a task on a thread that does nothing before and nothing after.
 *
 * @param filename URL of a built module whose default export is the job.
 * @throws the signal's reason when it is aborted.
 */
export async function onFreshThread<Answer>(
  filename: string,
  task: unknown,
  signal?: AbortSignal,
): Promise<Answer> {
  const pool = new Piscina<unknown, Answer>({ filename, minThreads: 1, maxThreads: 1 });
  try {
    return await pool.run(task, { signal: signal ?? null });
  } catch (error) {
    // A thread that was ended by the interruption fails with an error of its own.
    signal?.throwIfAborted();
    throw error;
  } finally {
    await pool.destroy();
  }
}
