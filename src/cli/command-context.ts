import { setImmediate as nextTurn } from "node:timers/promises";
import type { Ask } from "./ask-terminal.js";
import { ProgressLine } from "./progress-line.js";
import { type OutputStream, StreamSink, type TextSink } from "./text-sink.js";

/** What the frame needs of the process it runs in. Tests hand in their own. */
export interface Surroundings {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by the first Ctrl-C, with an `Interrupted` as its reason. */
  readonly signal: AbortSignal;
  /** Monotonic time in milliseconds since an arbitrary moment. */
  now(): number;
  /** Asks the user; undefined when nobody sits at a terminal. */
  readonly ask?: Ask | undefined;
}

/** What a command gets of the world, so that it can be run and tested in-process. */
export interface CommandContext {
  /** For results. */
  readonly stdout: TextSink;
  /** For messages and warnings; start a line with `ipamlab: `. */
  readonly stderr: TextSink;
  /** Whether standard output is a terminal. */
  readonly isTerminal: boolean;
  /** Whether standard output may carry colour codes. */
  readonly color: boolean;
  /** Columns of the terminal, 80 when standard output is none. */
  readonly width: number;
  /**
   * Aborted when the user presses Ctrl-C (or the process gets SIGTERM): stop, write what was
   * measured, return. The frame then exits with 130 (143), whatever `run` returns. A loop only
   * learns of it if it awaits `eventLoopTurn` now and then.
   */
  readonly signal: AbortSignal;
  /** Environment variables other than the options' own. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks the user; undefined when nobody sits at a terminal: then a command takes its defaults. */
  readonly ask: Ask | undefined;
  /** Progress on standard error; nothing without a terminal. The frame clears it at the end. */
  readonly progress: ProgressLine;
  /** Monotonic time in milliseconds since an arbitrary moment; never a date. */
  now(): number;
  /**
   * Lets signals, timers and I/O have their turn. A loop that runs for more than about 100 ms
   * without awaiting anything else must await this, or Ctrl-C is not noticed at all.
   */
  eventLoopTurn(): Promise<void>;
}

/** A command's context together with what only the frame uses. */
export interface FrameContext extends CommandContext {
  readonly stdout: StreamSink;
  readonly stderr: StreamSink;
}

const WIDTH_WITHOUT_TERMINAL = 80;

/**
 * Whether to write colours: `--color` or `--no-color` decides; else not if `NO_COLOR` is set and
 * not empty (no-color.org); else if the stream is a terminal that is not called `dumb`.
 */
function choosesColor(
  option: boolean | undefined,
  env: Surroundings["env"],
  isTerminal: boolean,
): boolean {
  if (option !== undefined) return option;
  if (env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "") return false;
  return isTerminal && env["TERM"] !== "dumb";
}

/** Makes the context of a command; `color` is the `--color` option, if it was given. */
export function createContext(
  surroundings: Surroundings,
  color: boolean | undefined,
): FrameContext {
  const { stdout, stderr, env, signal } = surroundings;
  const isTerminal = stdout.isTTY === true;
  const drawsProgress = stderr.isTTY === true && env["TERM"] !== "dumb";
  const now = (): number => surroundings.now();
  const progress = new ProgressLine(drawsProgress ? stderr : undefined, now);
  const clearProgress = (): void => {
    progress.clear();
  };
  return {
    stdout: new StreamSink(stdout, "standard output", clearProgress),
    stderr: new StreamSink(stderr, "standard error", clearProgress),
    isTerminal,
    color: choosesColor(color, env, isTerminal),
    width: (isTerminal ? stdout.columns : undefined) ?? WIDTH_WITHOUT_TERMINAL,
    signal,
    env,
    ask: surroundings.ask,
    progress,
    now,
    eventLoopTurn: async () => {
      await nextTurn();
    },
  };
}
