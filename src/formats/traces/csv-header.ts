import { BadInput } from "../../failure/failure.js";
import { nearestName } from "../../failure/nearest-name.js";
import { printable, quoted } from "./printable.js";
import { CsvRow } from "./csv-row.js";

/** The first line of a CSV file: the names of its columns. */
export class CsvHeader {
  readonly columns: readonly string[];
  readonly #row: CsvRow;

  /** Throws BadInput when a name stands twice. */
  constructor(
    readonly file: string,
    text: string,
    readonly line: number,
  ) {
    const row = new CsvRow(file);
    this.#row = row;
    row.load(text, line);
    const names = row.texts().map((name) => name.trim());
    row.columns = names;
    names.forEach((name, i) => {
      if (names.indexOf(name) < i) row.fail(i, "this column stands twice in the header");
    });
    this.columns = names;
  }

  /**
   * Index of a column. Throws BadInput with the nearest name, and its place, when there is none of this
   * name.
   */
  indexOf(name: string): number {
    const { file, line, columns } = this;
    const index = columns.indexOf(name);
    if (index >= 0) return index;
    const near = nearestName(name, columns);
    const present =
      near === undefined
        ? `its columns are ${columns.map(printable).join(", ")}`
        : `nearest is ${quoted(near)}`;
    const message = `the header has no column ${quoted(name)}; ${present}`;
    const column = this.#row.columnOf(near === undefined ? 0 : columns.indexOf(near));
    throw new BadInput({ file, line, column, message });
  }
}
