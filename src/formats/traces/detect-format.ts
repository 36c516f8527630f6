import { BadInput } from "../../failure/failure.js";
import { CsvRow } from "./csv-row.js";
import { GOOGLE2011_COLUMNS } from "./google2011.js";
import { OPENB_COLUMNS } from "./openb.js";
import type { TraceFormat } from "./trace-event.js";

/**
 * Tells the format of a trace by its first line: openb by at least two of the columns that it must
 * have (so that a misspelt one is named later), google2011 by eight columns with numbers where
 * `job_events` has them. Throws BadInput when it is neither.
 */
export function detectFormat(file: string, text: string, line: number): TraceFormat {
  const row = new CsvRow(file);
  row.load(text, line);
  const fields = row.texts().map((field) => field.trim());
  if (OPENB_COLUMNS.filter((name) => fields.includes(name)).length >= 2) return "openb";
  const numeric = [0, 2, 3].every((column) => /^\d+$/.test(fields[column] ?? ""));
  if (numeric && fields.length === GOOGLE2011_COLUMNS.length) return "google2011";
  const message =
    "not a known trace: expected an openb pod list (a header with " +
    `${OPENB_COLUMNS.join(", ")}) or Google's job_events of 2011 (no header, ` +
    `${GOOGLE2011_COLUMNS.length} columns: ${GOOGLE2011_COLUMNS.join(", ")})`;
  throw new BadInput({ file, line, message });
}
