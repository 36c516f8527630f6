import { ExitCode } from "../failure/exit-code.js";
import { Failure } from "../failure/failure.js";

/** The command line itself is wrong. One line a fault, each complete in itself. */
export class UsageError extends Failure {
  override readonly name = "UsageError";
  readonly exitCode = ExitCode.badInput;
}
