import { UsageError } from "./usage-error.js";

/**
 * Reads a list of numbers written `1,2,4`.
 *
 * @param read a number from its text; NaN is refused.
 * @throws UsageError naming the option and what was expected.
 */
export function readNumberList(
  option: string,
  text: string,
  expected: string,
  read: (text: string) => number,
): number[] {
  return text.split(",").map((part) => {
    const value = read(part.trim());
    if (Number.isNaN(value)) {
      throw new UsageError(`--${option}: expected ${expected}, got "${text}"`);
    }
    return value;
  });
}
