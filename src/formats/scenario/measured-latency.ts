import { BadInput, type InputPlace } from "../../failure/failure.js";
import type { TextSourceOptions } from "../text-source.js";
import type { CsvRow } from "../traces/csv-row.js";
import { readCsvTable } from "../traces/csv-table.js";
import { quoted } from "../traces/printable.js";
import type { Microseconds } from "./duration.js";
import type { LatencyBar } from "./latency.js";

const EXPECTED = "a histogram with the header latencyMs,count";

/** Most bars of a histogram; measured ones have some hundreds. */
const BARS_MAX = 100_000;

/** Up to 11 days, which no request takes. */
const MILLISECONDS = /^\d{1,9}(\.\d+)?$/;

/**
 * Reads a histogram of measured latencies: a CSV file with the columns `latencyMs`, the upper bound of
 * a bar in milliseconds, ascending, and `count`, how many latencies were above the bar before it (the
 * first one: above 0) and not above this bound. Bounds become whole microseconds.
 *
 * @throws BadInput at the first fault of the file, with its line and column.
 */
export async function readMeasuredLatency(
  file: string,
  options: TextSourceOptions = {},
): Promise<LatencyBar[]> {
  const bars: LatencyBar[] = [];
  let total = 0;
  let firstCount: InputPlace | undefined;
  const visit = (row: CsvRow, columns: readonly number[]) => {
    const [bound, samples] = columns as [number, number];
    const upToUs = boundOf(row, bound, bars.at(-1)?.upToUs);
    firstCount ??= { file, line: row.line, column: row.columnOf(samples), field: "count" };
    const count = row.wholeNumber(samples, "a whole number, 0 or more");
    total += count;
    if (!Number.isSafeInteger(total)) row.fail(samples, "the counts add up to more than 2^53");
    if (bars.length >= BARS_MAX) row.fail(bound, `more than ${BARS_MAX} bars; join neighbours`);
    bars.push({ upToUs, count });
  };
  await readCsvTable(file, ["latencyMs", "count"], EXPECTED, visit, options);
  if (total === 0 && firstCount !== undefined) {
    throw new BadInput({ ...firstCount, message: "every count is 0; nothing was measured" });
  }
  return bars;
}

function boundOf(row: CsvRow, column: number, before: Microseconds | undefined): Microseconds {
  const text = row.text(column).trim();
  if (!MILLISECONDS.test(text)) row.refuse(column, "milliseconds such as 2.5, at most 999999999");
  const us = Math.round(Number(text) * 1000);
  if (before !== undefined && us <= before) {
    row.fail(
      column,
      `expected more than ${before / 1000}, the bar before it (bars ascend by whole microseconds), ` +
        `found ${quoted(text)}`,
    );
  }
  return us;
}
