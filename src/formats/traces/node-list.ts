import type { TextSourceOptions } from "../text-source.js";
import { type CsvRow, detached } from "./csv-row.js";
import { readCsvTable } from "./csv-table.js";

/** A node's name and where it stands. */
export interface ListedNode {
  readonly name: string;
  readonly line: number;
}

/**
 * Reads the names of nodes from a CSV file with a header, in the order of the file; for openb's node
 * list the column is `sn`. Blank lines are passed over.
 *
 * @throws BadInput as `readCsvTable`. Whether the names are good and differ is the caller's matter.
 */
export async function readNodeList(
  file: string,
  nameColumn: string,
  options: TextSourceOptions = {},
): Promise<ListedNode[]> {
  const nodes: ListedNode[] = [];
  const visit = (row: CsvRow, columns: readonly number[]) =>
    nodes.push({ name: detached(row.text(columns[0]!)), line: row.line });
  await readCsvTable(file, [nameColumn], "a node list", visit, options);
  return nodes;
}
