import { askTerminal } from "./ask-terminal.js";
import type { CommandEntry } from "./command.js";
import { runCommandLine } from "./frame.js";
import { abortOnSignals } from "./interruption.js";
import { reportError } from "./report-error.js";
import { readVersion } from "./version.js";

/**
 * Runs the command line of this process with these commands and sets the exit code. The process
 * then ends by itself when its event loop is empty, so that everything written has left it.
 */
export async function runProcess(table: readonly CommandEntry[]): Promise<void> {
  const argv = process.argv.slice(2);
  // What escapes the frame (a callback, a promise that nobody awaits) is a defect all the same.
  process.on("uncaughtException", (error) => {
    const report = reportError(error, argv.includes("--debug"));
    process.stderr.write(report.text);
    process.exit(report.exitCode);
  });
  const signal = abortOnSignals(
    process,
    (line) => process.stderr.write(line),
    (exitCode) => process.exit(exitCode),
  );
  const { stdout, stderr, env } = process;
  const ask = askTerminal(process, signal);
  const surroundings = { stdout, stderr, env, signal, ask, now: () => performance.now() };
  process.exitCode = await runCommandLine(argv, table, surroundings, readVersion());
}
