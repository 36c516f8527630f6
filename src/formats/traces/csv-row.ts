import { parse } from "csv-parse/sync";
import { BadInput } from "../../failure/failure.js";
import { printable, quoted } from "./printable.js";

/** Largest count of digits that is always a safe integer. */
const SAFE_DIGITS = 15;

/**
 * A copy of a text cut out of a longer one. V8 keeps the longer text alive as long as a part of it
 * is: without the copy each pod alive would hold the whole chunk of the file that it was read from.
 */
export function detached(text: string): string {
  return ` ${text}`.slice(1);
}

/**
 * One row of a CSV file, reused for every line so that reading a row allocates nothing.
 *
 * Lines without quotes are cut at their commas here, which is several times as fast as a CSV
 * parser; no known trace holds a quote. A line with quotes goes through csv-parse. A quoted field
 * that runs over the line's end is refused: no name of a pod or a node has a line feed.
 */
export class CsvRow {
  /** Number of the line, from 1. */
  line = 0;
  columnCount = 0;
  #text = "";
  /** Where field i begins in the line; field i ends one before where i + 1 begins. */
  #starts = new Float64Array(64);
  /** The fields of a line with quotes. */
  #quoted: string[] | undefined;

  constructor(
    readonly file: string,
    /** Name of each column, for messages. */
    public columns: readonly string[] = [],
  ) {}

  /** Takes a line. Throws BadInput when its quotes do not match. */
  load(text: string, line: number): void {
    this.line = line;
    this.#text = text;
    if (text.includes('"')) {
      this.#quoted = this.#parseQuoted(text);
      this.columnCount = this.#quoted.length;
      return;
    }
    this.#quoted = undefined;
    let count = 0;
    let start = 0;
    while (count + 1 < this.#starts.length) {
      this.#starts[count++] = start;
      const comma = text.indexOf(",", start);
      if (comma < 0) break;
      start = comma + 1;
    }
    this.#starts[count] = text.length + 1;
    this.columnCount = count;
  }

  #parseQuoted(text: string): string[] {
    try {
      const rows: string[][] = parse(text, { relax_column_count: true });
      return rows[0] ?? [];
    } catch {
      const message =
        "the quotes of this line do not match; a field may not run over the line's end";
      throw new BadInput({ file: this.file, line: this.line, message });
    }
  }

  /** The text of a field. */
  text(column: number): string {
    if (this.#quoted !== undefined) return this.#quoted[column]!;
    return this.#text.slice(this.#starts[column], this.#starts[column + 1]! - 1);
  }

  /** The texts of all fields. */
  texts(): string[] {
    return Array.from({ length: this.columnCount }, (_, column) => this.text(column));
  }

  /** Whether a field holds exactly this text; cheaper than comparing `text`. */
  is(column: number, text: string): boolean {
    if (this.#quoted !== undefined) return this.#quoted[column] === text;
    const start = this.#starts[column]!;
    const length = this.#starts[column + 1]! - 1 - start;
    return length === text.length && this.#text.startsWith(text, start);
  }

  /**
   * The field as a whole number that is not negative and not above 999,999,999,999,999.
   *
   * @param expected what the field should hold, for the message.
   */
  wholeNumber(column: number, expected: string): number {
    const quoted = this.#quoted?.[column];
    const text = quoted ?? this.#text;
    const start = quoted === undefined ? this.#starts[column]! : 0;
    const end = quoted === undefined ? this.#starts[column + 1]! - 1 : quoted.length;
    if (end === start) this.refuse(column, expected);
    if (end - start > SAFE_DIGITS)
      this.refuse(column, `${expected}, at most ${SAFE_DIGITS} digits`);
    let value = 0;
    for (let i = start; i < end; i++) {
      const digit = text.charCodeAt(i) - 48;
      if (digit < 0 || digit > 9) this.refuse(column, expected);
      value = value * 10 + digit;
    }
    return value;
  }

  /** Where a field begins in its line, from 1; undefined in a line with quotes. */
  columnOf(field: number): number | undefined {
    return this.#quoted === undefined ? this.#starts[field]! + 1 : undefined;
  }

  /** Refuses a field: `expected …, found "…"`. */
  refuse(column: number, expected: string): never {
    const found = this.text(column);
    const what = found === "" ? "nothing" : quoted(found);
    return this.fail(column, `expected ${expected}, found ${what}`);
  }

  /** Throws BadInput at a field of this row. */
  fail(column: number, message: string): never {
    throw new BadInput({
      file: this.file,
      line: this.line,
      column: this.columnOf(column),
      field: printable(this.columns[column] ?? ""),
      message,
    });
  }

  /** Throws BadInput unless the row has a field for each column. */
  checkColumnCount(source: string): void {
    if (this.columnCount === this.columns.length) return;
    const message = `expected ${this.columns.length} columns (${source}), found ${this.columnCount}`;
    throw new BadInput({ file: this.file, line: this.line, message });
  }
}
