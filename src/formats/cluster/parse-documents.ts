import { isAlias, LineCounter, parseAllDocuments, visit } from "yaml";
import { BadInput } from "../../failure/failure.js";
import { printable } from "../traces/printable.js";

/** Deepest nesting that is read; Kubernetes objects have fewer than twenty levels. */
const DEPTH_MAX = 100;

/** A string, or an integer that may be too long for a double. */
const STRING_OR_LONG_INTEGER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d{16,}(?![\d.eE])/gs;

/** Line and column, from 1, of an offset. */
function placeAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { line: before.split("\n").length, column: offset - lineStart + 1 };
}

function jsonFault(file: string, text: string, error: unknown): BadInput {
  const { message } = error as Error;
  const position = /position (\d+)/.exec(message)?.[1];
  // Without a position the text ended too early; the same may be told as a string that is not closed.
  const end = text.trimEnd().length;
  const offset = position === undefined ? end : Number(position);
  if (offset >= end || message.startsWith("Unterminated")) {
    const place = placeAt(text, end);
    return new BadInput({ file, ...place, message: "the JSON ends too early; is it complete?" });
  }
  const found = printable(JSON.stringify(text.slice(offset, offset + 1)));
  return new BadInput({
    file,
    ...placeAt(text, offset),
    message: `expected JSON, found ${found} where it cannot stand`,
  });
}

/** The value of a JSON text. Integers of 16 digits or more become texts, for a double would round. */
function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(
      text.replace(STRING_OR_LONG_INTEGER, (found) =>
        found.startsWith('"') ? found : `"${found}"`,
      ),
    );
  } catch {
    try {
      // Once more for the position, which the quotes have moved.
      JSON.parse(text);
    } catch (error) {
      throw jsonFault(file, text, error);
    }
    throw new BadInput({ file, message: "is not readable as JSON" });
  }
}

function parseYaml(file: string, text: string): unknown[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    intAsBigInt: true,
    lineCounter: lines,
    logLevel: "silent",
    prettyErrors: false,
  });
  if ("empty" in documents) return [];
  return documents.map((document) => {
    const error = document.errors[0];
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0]);
      const message = `expected YAML or JSON: ${printable(error.message)}`;
      throw new BadInput({ file, line, column: col, message });
    }
    visit(document, (_, node, ancestors) => {
      if (ancestors.length <= 2 * DEPTH_MAX && !isAlias(node)) return;
      const what = isAlias(node) ? "aliases (*name)" : `more than ${DEPTH_MAX} levels`;
      throw new BadInput({ file, message: `has ${what}, which no dump of Kubernetes has` });
    });
    return document.toJS() as unknown;
  });
}

/**
 * The values of a text: one of JSON, or one a YAML document, empty documents left out. Integers that
 * a double cannot hold arrive as bigint or as text of digits.
 *
 * @throws BadInput with line and column when the text is neither.
 */
export function parseDocuments(file: string, text: string): unknown[] {
  const content = text.trimStart();
  if (content.startsWith("{") || content.startsWith("[")) return [parseJson(file, text)];
  try {
    return parseYaml(file, text).filter((value) => value !== null && value !== undefined);
  } catch (error) {
    // The YAML library recurses; so deep a text is no dump.
    if (!(error instanceof RangeError)) throw error;
    throw new BadInput({ file, message: `has more than ${DEPTH_MAX} levels` });
  }
}
