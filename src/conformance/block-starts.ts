import { UnreadableField, FieldReader } from "../formats/golden/field-reader.js";
import type { JsonObject } from "../formats/golden/trace-line.js";
import { BlockGeometry } from "../model/block-walk.js";
import { type Difference, isSame } from "./difference.js";
import type { ConformTally } from "./report.js";

/**
 * Compares the first blocks of a host's walk over a pool with the recorded ones.
 *
 * @throws UnreadableField for a row that lacks a field.
 */
export function compareBlockStarts(
  line: number,
  row: JsonObject,
  tally: ConformTally,
): Difference | undefined {
  const reader = new FieldReader(row);
  const expected = reader.texts("firstBlocks");
  const blockSize = reader.number("blockSize");
  if (blockSize === 0) throw new UnreadableField("blockSize: expected a number");
  const geometry = new BlockGeometry(reader.cidr("pool"), blockSize);
  const walk = geometry.walk(reader.text("host"), () => 0n);
  const actual: string[] = [];
  while (actual.length < Math.max(1, expected.length)) {
    const cidr = walk.next();
    if (cidr === undefined) break;
    actual.push(cidr.text);
  }
  tally.operations++;
  if (isSame(expected, actual)) return undefined;
  const subject = JSON.stringify(row);
  return { line, operation: tally.operations, what: "first blocks", subject, expected, actual };
}
