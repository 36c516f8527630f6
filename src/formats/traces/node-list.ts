import { BadInput } from "../../failure/failure.js";
import { readLines, type TextSourceOptions } from "../text-source.js";
import { CsvHeader } from "./csv-header.js";
import { CsvRow, detached } from "./csv-row.js";

/** A node's name and where it stands. */
export interface ListedNode {
  readonly name: string;
  readonly line: number;
}

/**
 * Reads the names of nodes from a CSV file with a header, in the order of the file; for openb's node
 * list the column is `sn`. Blank lines are passed over.
 *
 * @throws BadInput when the file cannot be read, lacks the column, has no row, or a row has another
 *   number of columns than the header. Whether the names are good and differ is the caller's matter.
 */
export async function readNodeList(
  file: string,
  nameColumn: string,
  options: TextSourceOptions = {},
): Promise<ListedNode[]> {
  const nodes: ListedNode[] = [];
  const row = new CsvRow(file);
  let column = -1;
  for await (const { firstLine, lines } of readLines(file, options)) {
    lines.forEach((text, i) => {
      if (text === "") return;
      if (column < 0) {
        const header = new CsvHeader(file, text, firstLine + i);
        row.columns = header.columns;
        column = header.indexOf(nameColumn);
      } else {
        row.load(text, firstLine + i);
        row.checkColumnCount("as in the header");
        nodes.push({ name: detached(row.text(column)), line: row.line });
      }
    });
  }
  if (column < 0) throw new BadInput({ file, message: "the file is empty; expected a node list" });
  if (nodes.length === 0)
    throw new BadInput({ file, message: "the file has a header but no rows" });
  return nodes;
}
