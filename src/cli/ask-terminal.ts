import { createInterface } from "node:readline";

/** Puts a question and waits for the line that is typed; the empty text at the end of input. */
export type Ask = (question: string) => Promise<string>;

interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stderr: NodeJS.WriteStream;
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}

/**
 * Asks at the terminal, on standard error, so that standard output stays free for results. Lines
 * that are typed ahead answer the next questions.
 *
 * @returns undefined when nobody sits there: then a command must not ask.
 */
export function askTerminal({ stdin, stderr }: Terminal, signal: AbortSignal): Ask | undefined {
  if (!stdin.isTTY || !stderr.isTTY) return undefined;
  let lines: AsyncIterator<string> | undefined;
  return async (question) => {
    // The terminal itself edits the line and hears Ctrl-C.
    lines ??= createInterface({ input: stdin, terminal: false })[Symbol.asyncIterator]();
    stderr.write(question);
    // The process waits for an answer, but not for more input once nothing is asked.
    stdin.ref();
    try {
      const line = await Promise.race([lines.next(), rejectedBy(signal)]);
      return line.done === true ? "" : line.value;
    } finally {
      stdin.unref();
    }
  };
}
