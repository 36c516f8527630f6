/** Exit codes of every command. They are part of the public interface and never change meaning. */
export const ExitCode = {
  /** The command did what it was asked, and every check held. */
  ok: 0,
  /** The command ran, and a threshold or a check failed. */
  checkFailed: 1,
  /** The input (a file, an option) is wrong; the message says where. */
  badInput: 2,
  /** The machine or a server did not do its part (disk full, port refused, package missing). */
  environment: 3,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
