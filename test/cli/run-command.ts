import { commands } from "../../src/cli/commands.js";
import { runCommandLine } from "../../src/cli/frame.js";
import { FakeSurroundings } from "./fake-surroundings.js";

/** What a command line printed, and how it ended. */
export interface CommandOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line of ipamlab in this process, as a user would type it. */
export async function runCommand(...argv: string[]): Promise<CommandOutcome> {
  const surroundings = new FakeSurroundings();
  const exitCode = await runCommandLine(argv, commands, surroundings, "0.0.0-test");
  return { exitCode, stdout: surroundings.stdout.text, stderr: surroundings.stderr.text };
}
