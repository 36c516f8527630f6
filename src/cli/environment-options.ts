import { UsageError } from "./usage-error.js";

/** The options that the environment may give. */
export interface KnownOptions {
  readonly names: readonly string[];
  readonly booleans: ReadonlySet<string>;
}

/** `graceSeconds` and `grace-seconds` are read from `IPAMLAB_GRACE_SECONDS`. */
export function environmentName(option: string): string {
  const words = option.replace(/[A-Z]/g, (letter) => `-${letter}`);
  return `IPAMLAB_${words.replaceAll("-", "_").toUpperCase()}`;
}

function readBoolean(variable: string, text: string): boolean {
  switch (text.toLowerCase()) {
    case "1":
    case "true":
    case "yes":
    case "on":
      return true;
    case "0":
    case "false":
    case "no":
    case "off":
      return false;
    default:
      throw new UsageError(`${variable}: expected true or false, got "${text}"`);
  }
}

/**
 * The values that environment variables give to the known options; empty variables count as absent.
 * Other `IPAMLAB_…` variables are left alone: they may belong to another command.
 *
 * yargs' own `.env()` is not used since it refuses a variable that the command does not know, and
 * reads `IPAMLAB_DEBUG=1` as false.
 *
 * @throws UsageError when a boolean is neither true nor false.
 */
export function environmentOptions(
  env: Readonly<Record<string, string | undefined>>,
  known: KnownOptions,
): Record<string, string | boolean> {
  const values: Record<string, string | boolean> = {};
  for (const name of known.names) {
    const variable = environmentName(name);
    const text = env[variable];
    if (text === undefined || text === "") continue;
    values[name] = known.booleans.has(name) ? readBoolean(variable, text) : text;
  }
  return values;
}
