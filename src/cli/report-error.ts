import { ExitCode } from "../failure/exit-code.js";
import { Failure } from "../failure/failure.js";
import { printableText } from "../report/printable-text.js";
import { describeSystemError, isSystemError } from "./system-error.js";

/** More lines than this are not read by anyone. */
const MAX_LINES = 50;

/** What an error looks like to the user. */
export interface ErrorReport {
  /** Lines for standard error, each beginning with `ipamlab: ` (but those of a stack). */
  readonly text: string;
  readonly exitCode: ExitCode;
}

/** Lines of a message, at most `MAX_LINES`; says how many more there were. */
function limitLines(message: string): readonly string[] {
  const lines = message.split("\n");
  if (lines.length <= MAX_LINES) return lines;
  const left = lines.length - MAX_LINES;
  return [...lines.slice(0, MAX_LINES), `and ${left} more like these`];
}

/** Stack of an error and of what caused it. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  const cause = error.cause === undefined ? "" : `caused by: ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}\n${cause}`;
}

function explain(error: unknown): { readonly message: string; readonly exitCode: ExitCode } {
  if (error instanceof Failure) return { message: error.message, exitCode: error.exitCode };
  if (isSystemError(error) && error.syscall !== undefined) {
    const path = "path" in error && typeof error.path === "string" ? ` ${error.path}` : "";
    const message = `${error.syscall}${path}: ${describeSystemError(error)}`;
    return { message, exitCode: ExitCode.environment };
  }
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    message: `${message}\nthis is a defect of ipamlab; --debug shows the stack`,
    exitCode: ExitCode.environment,
  };
}

/**
 * Puts an error into lines for the user: a `Failure` says what it says, one line a fault; an error
 * of the operating system says which call failed on what; anything else is a defect of ipamlab.
 */
export function reportError(error: unknown, debug: boolean): ErrorReport {
  const { message, exitCode } = explain(error);
  const lines = limitLines(message).map((line) => `ipamlab: ${printableText(line)}\n`);
  const stack = debug ? stackOf(error) : "";
  return { text: lines.join("") + stack, exitCode };
}
