import { ExitCode } from "./exit-code.js";

/**
 * Base of the failures that ipamlab itself raises. Calico's own errors are not failures of
 * ipamlab: they are values of the model (`model/calico-error.ts`).
 */
export abstract class Failure extends Error {
  /** Process exit code that this failure maps to. */
  abstract readonly exitCode: ExitCode;
}

/** Where in the user's input a fault is. Lines and columns count from 1. */
export interface InputPlace {
  /** Path as the user gave it, or `--option` for the command line, `-` for standard input. */
  readonly file: string;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** Path of the field, for instance `pools[0].blockSize`. */
  readonly field?: string | undefined;
}

/** One fault of the input: where, and what is wrong with it (with what was expected). */
export interface InputFault extends InputPlace {
  readonly message: string;
}

/** `file:line:column: field: message`, leaving out the parts that are not known. */
function describeFault(fault: InputFault): string {
  let place = fault.file;
  if (fault.line !== undefined) {
    place += `:${fault.line}`;
    if (fault.column !== undefined) place += `:${fault.column}`;
  }
  const field = fault.field === undefined || fault.field === "" ? "" : `${fault.field}: `;
  return `${place}: ${field}${fault.message}`;
}

/** The input is wrong. Carries every fault found, not only the first. */
export class BadInput extends Failure {
  override readonly name = "BadInput";
  readonly exitCode = ExitCode.badInput;
  readonly faults: readonly InputFault[];

  constructor(faults: InputFault | readonly InputFault[]) {
    const list = Array.isArray(faults) ? (faults as readonly InputFault[]) : [faults as InputFault];
    super(list.map(describeFault).join("\n"));
    this.faults = list;
  }
}

/** A feature or a combination that ipamlab does not model; better said than guessed. */
export class Unsupported extends Failure {
  override readonly name = "Unsupported";
  readonly exitCode = ExitCode.badInput;

  constructor(what: string) {
    super(`not supported: ${what}`);
  }
}

/** The machine or a server did not do its part. */
export class EnvironmentError extends Failure {
  override readonly name = "EnvironmentError";
  readonly exitCode = ExitCode.environment;
}

/** A rule that always holds was broken: a defect of ipamlab, with what replays it. */
export class InvariantViolation extends Failure {
  override readonly name = "InvariantViolation";
  readonly exitCode = ExitCode.checkFailed;

  constructor(
    /** Which invariant, in words. */
    readonly invariant: string,
    /** What was seen instead, with the values. */
    readonly detail: string,
  ) {
    super(`invariant broken: ${invariant}: ${detail}`);
  }
}
