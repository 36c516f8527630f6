import { didYouMean } from "../failure/nearest-name.js";
import type { DeclaredOptions } from "./declared-options.js";

/** What is needed to put yargs' complaint into words that name the nearest valid thing. */
export interface UsageMessageContext {
  readonly declared: DeclaredOptions;
  /** The command line as given, without `ipamlab`. */
  readonly argv: readonly string[];
  /** The command in yargs' notation. */
  readonly command: string;
}

/** `--name`, or `-n` for a single letter. */
function withDashes(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** How the user wrote this option, or undefined when it stands on the command line as a value. */
function findSpelling(name: string, argv: readonly string[]): string | undefined {
  for (const token of argv) {
    const given = token.split("=", 1)[0]!;
    if (given === `--${name}` || given === `--no-${name}`) return given;
    if (name.length === 1 && /^-[^-]/.test(given) && given.includes(name)) return `-${name}`;
  }
  return undefined;
}

function describeUnknown(name: string, context: UsageMessageContext): string {
  const spelling = findSpelling(name, context.argv);
  if (spelling === undefined) return `unexpected argument "${name}"`;
  const long = context.declared.spellings.filter((known) => known.length > 1);
  const known = long.map((option) =>
    spelling.startsWith("--no-") ? `--no-${option}` : withDashes(option),
  );
  // A short option says too little to guess what was meant.
  const hint = spelling.startsWith("--") ? didYouMean(spelling, known) : "";
  return `unknown option ${spelling}${hint}`;
}

function describeUnknowns(list: string, context: UsageMessageContext): string {
  const names = list.split(", ");
  // yargs names an unknown `--foo-bar` twice: as `foo-bar` and as `fooBar`.
  const distinct = names.filter((name) => {
    const kebab = kebabCase(name);
    return kebab === name || !names.includes(kebab);
  });
  return distinct.map((name) => describeUnknown(name, context)).join("\n");
}

function describeChoices(lines: string, { declared }: UsageMessageContext): string {
  const faults = lines.matchAll(/Argument: (.+?), Given: (.*?), Choices: (.*)$/gm);
  return [...faults]
    .map(([, name, given, choices]) => {
      const known = [...choices!.matchAll(/"([^"]*)"/g)].map((match) => match[1]!);
      const wrong = given!.replace(/^"|"$/g, "");
      const hint = didYouMean(wrong, known);
      const isPositional = declared.positionals.some((positional) => positional.name === name);
      const place = isPositional ? `<${name}>` : withDashes(name!);
      return `${place}: expected one of ${known.join(", ")}, got "${wrong}"${hint}`;
    })
    .join("\n");
}

/** yargs' message, and what to say instead. */
type Rule = readonly [pattern: RegExp, say: (groups: string[], c: UsageMessageContext) => string];

const RULES: readonly Rule[] = [
  [/^Unknown arguments?: ([^]*)$/, ([list], context) => describeUnknowns(list!, context)],
  [
    /^Not enough non-option arguments: got (\d+)/,
    ([given], { declared, command }) => {
      const required = declared.positionals.filter((positional) => positional.required);
      const missing = required.slice(Number(given)).map((positional) => `<${positional.name}>`);
      return `missing ${missing.join(" and ")}: ipamlab ${command}`;
    },
  ],
  [/^Not enough arguments following: (.+)$/, ([name]) => `${withDashes(name!)} needs a value`],
  [
    /^Missing required arguments?: (.+)$/,
    ([names]) =>
      names!
        .split(", ")
        .map((name) => `${withDashes(name)} is required`)
        .join("\n"),
  ],
  [/^Invalid values:\n([^]*)$/, ([lines], context) => describeChoices(lines!, context)],
  [
    /^Arguments (\S+) and (\S+) are mutually exclusive$/,
    ([one, other]) => `${withDashes(one!)} and ${withDashes(other!)} exclude each other`,
  ],
  [
    /^Missing dependent arguments:\n\s*(\S+) -> (\S+)/,
    ([one, other]) => `${withDashes(one!)} needs ${withDashes(other!)}`,
  ],
];

/**
 * Puts a message of yargs (locale `en`) into ipamlab's words, one line a fault. A message that is
 * not known here is returned as it is.
 */
export function describeUsage(message: string, context: UsageMessageContext): string {
  for (const [pattern, say] of RULES) {
    const match = pattern.exec(message);
    if (match !== null) return say(match.slice(1), context);
  }
  return message.trim();
}
