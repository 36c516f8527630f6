import { BadInput } from "../../failure/failure.js";
import { readLines, type TextSourceOptions } from "../text-source.js";
import { CsvHeader } from "./csv-header.js";
import { CsvRow } from "./csv-row.js";

/**
 * Reads a small CSV file with a header, row by row in the order of the file. Blank lines are passed
 * over, and so are columns that nobody asked for.
 *
 * @param names the columns that are read.
 * @param what what the file should be, for messages.
 * @param visit takes a row, which is reused for the next one, and the indices of those columns.
 * @throws BadInput when the file cannot be read, lacks a column, has no row, or a row has another
 *   number of columns than the header; and what `visit` throws.
 */
export async function readCsvTable(
  file: string,
  names: readonly string[],
  what: string,
  visit: (row: CsvRow, columns: readonly number[]) => void,
  options: TextSourceOptions,
): Promise<void> {
  const row = new CsvRow(file);
  let columns: number[] | undefined;
  let rows = 0;
  for await (const { firstLine, lines } of readLines(file, options)) {
    lines.forEach((text, i) => {
      if (text === "") return;
      if (columns === undefined) {
        const header = new CsvHeader(file, text, firstLine + i);
        row.columns = header.columns;
        columns = names.map((name) => header.indexOf(name));
      } else {
        rows++;
        row.load(text, firstLine + i);
        row.checkColumnCount("as in the header");
        visit(row, columns);
      }
    });
  }
  if (columns === undefined)
    throw new BadInput({ file, message: `the file is empty; expected ${what}` });
  if (rows === 0) throw new BadInput({ file, message: "the file has a header but no rows" });
}
