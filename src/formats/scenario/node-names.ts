/** Fewest digits in a generated name. */
const DIGITS_MIN = 4;

/** Beginning of generated names where none is given. */
export const DEFAULT_NODE_PREFIX = "node-";

/**
 * Names of generated nodes: the prefix, then a number from 0 on, filled with zeros to four digits or
 * to as many as the last number has. So the order of the names is that of the numbers: 300 nodes are
 * `node-0000` to `node-0299`, 20,000 are `node-00000` to `node-19999`.
 */
export function nodeNames(count: number, prefix: string): string[] {
  const digits = Math.max(DIGITS_MIN, String(count - 1).length);
  return Array.from({ length: count }, (_, i) => prefix + String(i).padStart(digits, "0"));
}
