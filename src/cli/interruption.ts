/** The signals that end a command in good order, and a shell's exit codes for them (128 + n). */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

export type InterruptSignal = keyof typeof EXIT_CODES;

/** Exit code of a command that was interrupted. */
export type InterruptExitCode = (typeof EXIT_CODES)[InterruptSignal];

/** The user or the system asked the command to end; the reason of the context's `signal`. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly exitCode: InterruptExitCode;

  constructor(signal: InterruptSignal) {
    super(`interrupted by ${signal}`);
    this.exitCode = EXIT_CODES[signal];
  }
}

/** The part of `process` that is needed to hear signals. */
export interface SignalSource {
  on(signal: InterruptSignal, listener: () => void): unknown;
}

/**
 * The first SIGINT or SIGTERM aborts the returned signal, so that the command can write what it
 * has measured. The second ends the process at once, by `exitNow`.
 */
export function abortOnSignals(
  source: SignalSource,
  announce: (line: string) => void,
  exitNow: (code: InterruptExitCode) => void,
): AbortSignal {
  const controller = new AbortController();
  for (const signal of Object.keys(EXIT_CODES) as InterruptSignal[]) {
    source.on(signal, () => {
      if (controller.signal.aborted) {
        exitNow(EXIT_CODES[signal]);
        return;
      }
      announce("ipamlab: interrupted, finishing (once more to end at once)\n");
      controller.abort(new Interrupted(signal));
    });
  }
  return controller.signal;
}
