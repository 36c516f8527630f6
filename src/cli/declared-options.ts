import type { Argv } from "yargs";

/** What a command's builder has declared, as the frame needs it. */
export interface DeclaredOptions {
  /** Options by their main name, common ones included; no positional arguments. */
  readonly names: readonly string[];
  /** Every way to write an option: main names and aliases, without dashes. */
  readonly spellings: readonly string[];
  readonly booleans: ReadonlySet<string>;
  readonly arrays: ReadonlySet<string>;
  /** Counts such as `-vvv`, which take no value. */
  readonly counts: ReadonlySet<string>;
  readonly aliases: Readonly<Record<string, readonly string[]>>;
  readonly positionals: readonly Positional[];
}

/** A positional argument of a command. */
export interface Positional {
  readonly name: string;
  readonly required: boolean;
  readonly variadic: boolean;
}

/** The positional arguments in yargs' notation, such as `compare <before> [after..]`. */
function readPositionals(command: string): readonly Positional[] {
  const found = command.matchAll(/(?<open>[<[])(?<name>[^>\].]+)(?<dots>\.\.)?[>\]]/g);
  return [...found].map((match) => ({
    name: match.groups!["name"]!,
    required: match.groups!["open"] === "<",
    variadic: match.groups!["dots"] !== undefined,
  }));
}

/** The part of yargs' own record that is read here; yargs' types leave `getOptions` out. */
interface YargsRecord {
  readonly key: Readonly<Record<string, unknown>>;
  readonly alias: Readonly<Record<string, readonly string[]>>;
  readonly boolean: readonly string[];
  readonly array: readonly string[];
  readonly count: readonly string[];
}

/** Reads what has been declared on this parser so far. */
export function readDeclaredOptions(parser: Argv, command: string): DeclaredOptions {
  const record = (parser as unknown as { getOptions(): YargsRecord }).getOptions();
  const positionals = readPositionals(command);
  const positionalNames = new Set(positionals.map((positional) => positional.name));
  const names = Object.keys(record.key).filter((name) => !positionalNames.has(name));
  const aliasNames = Object.entries(record.alias)
    .filter(([name]) => !positionalNames.has(name))
    .flatMap(([name, aliases]) => [name, ...aliases]);
  return {
    names,
    spellings: [...new Set([...names, ...aliasNames])],
    booleans: new Set(record.boolean),
    arrays: new Set(record.array),
    counts: new Set(record.count),
    aliases: record.alias,
    positionals,
  };
}

/** Names under which yargs hands over an option's value: each alias, and each in camel case. */
export function resultKeys(declared: DeclaredOptions, name: string): readonly string[] {
  const spellings = [name, ...(declared.aliases[name] ?? [])];
  const camelCase = spellings.map((spelling) =>
    spelling.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
  );
  return [...new Set([...spellings, ...camelCase])];
}
