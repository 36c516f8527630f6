import { BadInput } from "../../failure/failure.js";
import { AZURE_COLUMNS } from "./azure-functions.js";
import { CsvRow } from "./csv-row.js";
import { GOOGLE2011_COLUMNS } from "./google2011.js";
import { OPENB_COLUMNS } from "./openb.js";
import { PLAIN_CSV_COLUMNS } from "./plain-csv.js";
import { isMsgpackMap } from "./simkube.js";
import type { TraceFormat } from "./trace-event.js";

/**
 * Tells the format of a trace that is msgpack or JSON by its first bytes: a SimKube trace is a map of
 * msgpack; an API server's audit log names its API, and any other JSON is what kubectl prints.
 * Undefined for lines of text.
 */
export function detectByHead(head: Buffer): "audit" | "kubectl" | "sktrace" | undefined {
  if (isMsgpackMap(head)) return "sktrace";
  const text = head.toString("utf8").replace(/^\uFEFF/, "");
  if (!/^\s*[{[]/.test(text)) return undefined;
  return text.includes('"audit.k8s.io/') ? "audit" : "kubectl";
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
    `${PLAIN_CSV_COLUMNS.join(", ")} and maybe node), an audit log, pods from kubectl -o json, or ` +
    "a SimKube trace (.sktrace)";
  throw new BadInput({ file, line, message });
}
