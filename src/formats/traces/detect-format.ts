import { BadInput } from "../../failure/failure.js";
import { AZURE_COLUMNS } from "./azure-functions.js";
import { CsvRow } from "./csv-row.js";
import { GOOGLE2011_COLUMNS } from "./google2011.js";
import { OPENB_COLUMNS } from "./openb.js";
import { PLAIN_CSV_COLUMNS } from "./plain-csv.js";
import type { TraceFormat } from "./trace-event.js";

/**
 * Tells the format of a trace that is JSON by its beginning: an API server's audit log names its
 * API, and anything else is what kubectl prints. Undefined when it is no JSON.
 */
export function detectJson(head: string): "audit" | "kubectl" | undefined {
  if (!/^\s*[{[]/.test(head)) return undefined;
  return head.includes('"audit.k8s.io/') ? "audit" : "kubectl";
}

/**
 * Tells the format of a trace by its first line: openb by at least two of the columns that it must
 * have (so that a misspelt one is named later), likewise azure and a plain csv, google2011 by eight
 * columns with numbers where `job_events` has them. Throws BadInput when it is none.
 */
export function detectFormat(file: string, text: string, line: number): TraceFormat {
  const row = new CsvRow(file);
  row.load(text, line);
  const fields = row.texts().map((field) => field.trim());
  const has = (columns: readonly string[]) =>
    columns.filter((name) => fields.includes(name)).length >= 2;
  if (has(OPENB_COLUMNS)) return "openb";
  if (has(AZURE_COLUMNS)) return "azure";
  if (has(PLAIN_CSV_COLUMNS)) return "csv";
  const numeric = [0, 2, 3].every((column) => /^\d+$/.test(fields[column] ?? ""));
  if (numeric && fields.length === GOOGLE2011_COLUMNS.length) return "google2011";
  const message =
    "not a known trace: expected an openb pod list (a header with " +
    `${OPENB_COLUMNS.join(", ")}), Google's job_events of 2011 (no header, ` +
    `${GOOGLE2011_COLUMNS.length} columns: ${GOOGLE2011_COLUMNS.join(", ")}), Azure's function ` +
    `invocations (a header with ${AZURE_COLUMNS.join(", ")}), a plain CSV (a header with ` +
    `${PLAIN_CSV_COLUMNS.join(", ")} and maybe node), an audit log, or pods from kubectl -o json`;
  throw new BadInput({ file, line, message });
}
