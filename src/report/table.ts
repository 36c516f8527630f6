import { styleText } from "node:util";
import { formatCount, formatSignificant } from "./format-number.js";
import { printableText } from "./printable-text.js";

/**
 * What a cell holds. Whole numbers are written with thousands separators, others with three
 * significant digits; undefined is written as `-`. A text is written as it stands, control
 * characters escaped.
 */
export type Cell = string | number | bigint | undefined;

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** Without it: right when every cell is a number or undefined, left otherwise. */
  readonly align?: "left" | "right" | undefined;
}

/** How a table is drawn. */
export interface TableStyle {
  /** Whether the titles are written in bold by escape codes. Give the terminal's answer. */
  readonly color?: boolean | undefined;
  /** Blanks before every line. */
  readonly indent?: number | undefined;
}

const COLUMN_GAP = "  ";

function cellText(cell: Cell): string {
  if (cell === undefined) return "-";
  if (typeof cell === "string") return printableText(cell);
  if (typeof cell === "number" && !Number.isInteger(cell)) return formatSignificant(cell);
  return formatCount(cell);
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Columns that the text takes, counting each visible character as one. */
function textWidth(text: string): number {
  // Almost every text is ASCII, where the length is the answer.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const _ of graphemes.segment(text)) width++;
  return width;
}

interface Layout {
  readonly width: number;
  readonly right: boolean;
}

function layOut(column: Column, index: number, rows: readonly (readonly Cell[])[]): Layout {
  const isNumeric = rows.length > 0 && rows.every((row) => typeof row[index] !== "string");
  const widths = rows.map((row) => textWidth(cellText(row[index])));
  return {
    // A loop, not Math.max(...widths): a table may have more rows than a call may have arguments.
    width: widths.reduce((a, b) => Math.max(a, b), textWidth(printableText(column.title))),
    right: column.align === undefined ? isNumeric : column.align === "right",
  };
}

function writeLine(texts: readonly string[], layouts: readonly Layout[], indent: string): string {
  const padded = texts.map((text, index) => {
    const layout = layouts[index]!;
    const padding = " ".repeat(layout.width - textWidth(text));
    return layout.right ? padding + text : text + padding;
  });
  return indent + padded.join(COLUMN_GAP).trimEnd();
}

/**
 * A plain text table: a line of titles, then one line a row, columns two blanks apart, no trailing
 * blanks. Ends with a line feed.
 *
 * @throws RangeError when a row has not exactly one cell a column.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  style: TableStyle = {},
): string {
  for (const [index, row] of rows.entries()) {
    if (row.length !== columns.length) {
      throw new RangeError(
        `table row ${index} has ${row.length} cells, the table has ${columns.length} columns`,
      );
    }
  }
  const layouts = columns.map((column, index) => layOut(column, index, rows));
  const indent = " ".repeat(style.indent ?? 0);
  const titles = columns.map((column) => printableText(column.title));
  const head = writeLine(titles, layouts, indent);
  // The destination is the caller's business, so the process's own streams are not asked.
  const boldHead = style.color ? styleText("bold", head, { validateStream: false }) : head;
  const body = rows.map((row) => writeLine(row.map(cellText), layouts, indent));
  return `${[boldHead, ...body].join("\n")}\n`;
}
