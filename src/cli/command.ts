import type { ArgumentsCamelCase, Argv } from "yargs";
import type { ExitCode } from "../failure/exit-code.js";
import type { CommandContext } from "./command-context.js";

/** A line of help that shows a use: the command line, and what it does. */
export type Example = readonly [commandLine: string, meaning: string];

/** What the author of a command writes; see {@link defineCommand}. */
export interface CommandSpec<Options> {
  /** Name and positional arguments in yargs' notation: `simulate <scenario>`. */
  readonly command: string;
  /** What the command does; the head of its help. May be longer than the line in the table. */
  readonly describe: string;
  /** Shown at the end of the command's help. */
  readonly examples?: readonly Example[] | undefined;
  /**
   * Declares positional arguments and options. The frame adds the common ones, makes every option
   * that is not boolean take exactly one value, and lets the environment give them
   * (`--grace-seconds` from `IPAMLAB_GRACE_SECONDS`). A scalar option given twice takes the last
   * value. Declare numbers by `numberOption` or `integerOption`.
   */
  builder(yargs: Argv): Argv<Options>;
  /**
   * Does the work and returns the exit code. What goes wrong is thrown: a `Failure` of
   * `src/failure` becomes one line a fault and its exit code.
   */
  run(args: ArgumentsCamelCase<Options>, context: CommandContext): Promise<ExitCode>;
}

/** A command with its options' type left behind, so that commands fit in one table. */
export type Command = CommandSpec<unknown>;

/**
 * Types a command: the arguments of `run` follow from what `builder` declares. A command module
 * exports the result under the name `command`.
 */
export function defineCommand<Options>(spec: CommandSpec<Options>): Command {
  // Methods take their parameters both ways, which is sound here: the frame hands `run` only what
  // this command's own `builder` has parsed.
  return spec;
}

/** A line of the command table: what is known of a command without loading it. */
export interface CommandEntry {
  /** First word after `ipamlab`, and first word of the module's `command`. */
  readonly name: string;
  /** One line for `ipamlab --help`. */
  readonly describe: string;
  /** Shown in `ipamlab --help`; one for the commands that people start with. */
  readonly example?: Example | undefined;
  /** Imports the command's module, only when the command is used. */
  load(): Promise<{ readonly command: Command }>;
}
