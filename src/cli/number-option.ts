import { UsageError } from "./usage-error.js";

/** Which numbers an option takes. Bounds are inclusive. */
export interface NumberRange {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** What yargs takes besides. With `default` or `demandOption: true` the type has no undefined. */
interface Rest {
  readonly describe: string;
  readonly default?: number;
  readonly demandOption?: true;
  readonly alias?: string;
  readonly group?: string;
}

/** What yargs parses with; `coerce` gives the option its type. */
interface Coercion {
  readonly coerce: (given: unknown) => number;
}

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function describeRange(kind: string, { min, max }: NumberRange): string {
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`;
  if (min !== undefined) return `${kind}, ${min} or more`;
  if (max !== undefined) return `${kind}, ${max} or less`;
  return kind;
}

function declareNumber<const Options extends Rest>(
  name: string,
  kind: string,
  isKind: (value: number) => boolean,
  options: Options & NumberRange,
): Omit<Options, keyof NumberRange> & Coercion {
  const { min, max, ...rest } = options;
  const range = { min, max };
  const expected = describeRange(kind, range);
  return {
    ...rest,
    describe: `${options.describe} (${expected})`,
    coerce: (given) => {
      // Given more than once, the last one counts.
      const last: unknown = Array.isArray(given) ? given.at(-1) : given;
      const text = String(last);
      // yargs' own type "number" would turn any other text into NaN without a word.
      const value = DECIMAL.test(text) ? Number(text) : NaN;
      const fits = Number.isFinite(value) && isKind(value);
      if (!fits || value < (min ?? -Infinity) || value > (max ?? Infinity)) {
        throw new UsageError(`--${name}: expected a ${expected}, got "${text}"`);
      }
      return value;
    },
  };
}

/**
 * Declares an option that takes a decimal number, for yargs' `option(name, …)`. Anything else,
 * and a number outside the range, is refused with what was expected and what was given.
 */
export function numberOption<const Options extends Rest>(
  name: string,
  options: Options & NumberRange,
): Omit<Options, keyof NumberRange> & Coercion {
  return declareNumber(name, "number", () => true, options);
}

/** As {@link numberOption}, for whole numbers up to 2^53 - 1. */
export function integerOption<const Options extends Rest>(
  name: string,
  options: Options & NumberRange,
): Omit<Options, keyof NumberRange> & Coercion {
  return declareNumber(name, "whole number", Number.isSafeInteger, options);
}
