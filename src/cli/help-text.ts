import type { Example } from "./command.js";

/** Stands at the end of `ipamlab --help`. */
export const TOP_EPILOGUE = `
ipamlab COMMAND --help shows the options of a command. Each can also be given by
the environment: --grace-seconds by IPAMLAB_GRACE_SECONDS.

Exit codes: 0 done, 1 a check failed, 2 wrong input, 3 the machine or a server
failed, 130 interrupted (the first Ctrl-C still writes what was measured, the
second ends at once), 141 the reader of the output went away.
`;

/** Examples as the last part of a help text; written here since yargs breaks long ones apart. */
export function formatExamples(examples: readonly Example[]): string {
  if (examples.length === 0) return "";
  const lines = examples.map(([commandLine, meaning]) => `  ${commandLine}\n      ${meaning}\n`);
  return `\nExamples:\n${lines.join("")}`;
}
