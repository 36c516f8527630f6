import { isAlias, LineCounter, type Node, parseAllDocuments, parseDocument, visit } from "yaml";
import { BadInput } from "../../failure/failure.js";
import { printable } from "../traces/printable.js";
import type { FieldKey } from "./field-reader.js";

/** Deepest nesting that is read; Kubernetes objects have fewer than twenty levels. */
export const DEPTH_MAX = 100;

/** Line and column, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A part of a file that was parsed by itself, kept so that messages can tell places in it. */
export interface TextPiece extends Place {
  readonly text: string;
  /** The way, in the parsed text, to what the piece is kept for; empty for all of it. */
  readonly base: readonly FieldKey[];
}

/** A string, or an integer that may be too long for a double. */
const STRING_OR_LONG_INTEGER = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/gs;

/** Line and column of an offset in a text that begins at a place. */
function placeAt({ text, line, column }: TextPiece, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  if (lineStart === 0) return { line, column: column + offset };
  return { line: line + before.split("\n").length - 1, column: offset - lineStart + 1 };
}

/** The fault of a character that cannot stand where it stands. */
export function misplaced(file: string, character: string, place: Place): BadInput {
  const found = printable(JSON.stringify(character));
  const { line, column } = place;
  const message = `expected JSON, found ${found} where it cannot stand`;
  return new BadInput({ file, line, column, message });
}

/** Keys of all objects in a value. */
function countKeys(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (const item of value) count += countKeys(item);
    return count;
  }
  const record = value as Record<string, unknown>;
  for (const key of Object.keys(record)) count += 1 + countKeys(record[key]);
  return count;
}

function repeatedKey(file: string, piece: TextPiece): BadInput {
  const { errors } = parseDocument(piece.text, { logLevel: "silent", prettyErrors: false });
  const error = errors.find(({ code }) => code === "DUPLICATE_KEY");
  const place = error === undefined ? piece : placeAt(piece, error.pos[0]);
  const key =
    error === undefined ? "" : piece.text.slice(error.pos[0]).split("\n")[0]!.slice(0, 40);
  const message = `a key stands twice in one object${key === "" ? "" : `, at ${printable(key)}`}`;
  return new BadInput({ file, line: place.line, column: place.column, message });
}

/**
 * The value of a piece of JSON. Integers of 16 digits or more become texts, for a double would round.
 *
 * @param colons how many colons stand in it outside of texts: as many as its objects have keys.
 * @throws BadInput with line and column when it is not JSON, or an object has a key twice.
 */
export function parseJsonPiece(
  file: string,
  piece: TextPiece,
  colons: number,
  hasLongNumber: boolean,
): unknown {
  const { text } = piece;
  let value: unknown;
  try {
    value = JSON.parse(
      hasLongNumber
        ? text.replace(STRING_OR_LONG_INTEGER, (found) =>
            found.startsWith('"') ? found : `"${found}"`,
          )
        : text,
    );
  } catch {
    throw jsonFault(file, piece);
  }
  if (countKeys(value) !== colons) throw repeatedKey(file, piece);
  return value;
}

/** As `parseJsonPiece`, for text that nobody has looked through yet. */
export function parseJsonText(file: string, piece: TextPiece): unknown {
  let colons = 0;
  let depth = 0;
  const outside = piece.text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"/gs, "");
  for (const character of outside) {
    if (character === ":") colons++;
    else if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") depth--;
    if (depth > DEPTH_MAX) {
      const message = `has more than ${DEPTH_MAX} levels, which no dump of Kubernetes has`;
      throw new BadInput({ file, line: piece.line, message });
    }
  }
  return parseJsonPiece(file, piece, colons, /\d{16}/.test(outside));
}

function jsonFault(file: string, piece: TextPiece): BadInput {
  const { text } = piece;
  try {
    // Once more for the position, which the quotes of long numbers have moved.
    JSON.parse(text);
  } catch (error) {
    const position = /position (\d+)/.exec((error as Error).message)?.[1];
    const offset = position === undefined ? 0 : Number(position);
    const character = text.charAt(offset);
    if (character !== "") return misplaced(file, character, placeAt(piece, offset));
  }
  return new BadInput({
    file,
    line: piece.line,
    column: piece.column,
    message: "expected a value",
  });
}

/**
 * The values of the YAML documents in a piece of text, empty documents left out. Integers arrive as
 * bigint.
 *
 * @throws BadInput with line and column when it is not YAML, has aliases, or is nested too deep.
 */
export function parseYamlPiece(file: string, piece: TextPiece): unknown[] {
  const lines = new LineCounter();
  const fail = (offset: number, message: string): never => {
    const { line, column } = placeAt(piece, offset);
    throw new BadInput({ file, line, column, message });
  };
  try {
    const documents = parseAllDocuments(piece.text, {
      intAsBigInt: true,
      lineCounter: lines,
      logLevel: "silent",
      prettyErrors: false,
    });
    if ("empty" in documents) return [];
    const values = documents.map((document) => {
      const error = document.errors[0];
      if (error !== undefined) {
        fail(error.pos[0], `expected YAML or JSON: ${printable(error.message)}`);
      }
      visit(document, (_, node, ancestors) => {
        if (ancestors.length <= 2 * DEPTH_MAX && !isAlias(node)) return;
        const what = isAlias(node) ? "aliases (*name)" : `more than ${DEPTH_MAX} levels`;
        const offset = (node as Partial<Node> | null)?.range?.[0] ?? 0;
        fail(offset, `has ${what}, which no dump of Kubernetes has`);
      });
      return document.toJS() as unknown;
    });
    return values.filter((value) => value !== null && value !== undefined);
  } catch (error) {
    // The YAML library recurses; so deep a text is no dump.
    if (!(error instanceof RangeError)) throw error;
    return fail(0, `has more than ${DEPTH_MAX} levels, which no dump of Kubernetes has`);
  }
}

/** Longest text that is parsed a second time to find a place in it. */
const SEARCHED_LENGTH_MAX = 1024 * 1024;

/** Tells where something is: a piece of text to look in, or just the place where it all stands. */
export type Locator = TextPiece | Place;

/** The locator of something inside. */
export function inside(locator: Locator, keys: readonly FieldKey[]): Locator {
  return "text" in locator ? { ...locator, base: [...locator.base, ...keys] } : locator;
}

/** Where it is, or the nearest thing around it that is there. JSON is YAML, too. */
export function placeOf(locator: Locator): Place {
  if (!("text" in locator) || locator.text.length > SEARCHED_LENGTH_MAX) return locator;
  const piece = locator;
  const path = piece.base;
  const document = parseAllDocuments(piece.text, { logLevel: "silent", prettyErrors: false })[0];
  for (let length = path.length; document !== undefined && length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as Partial<Node> | null | undefined;
    if (node?.range) return placeAt(piece, node.range[0]);
  }
  return piece;
}

/** The fault of a file that ends in the middle of a document. */
export function brokenOff(file: string, place: Place, inside: string): BadInput {
  const where = inside === "" ? "" : ` inside ${inside}`;
  const message = `the JSON ends too early${where}; is the file complete?`;
  return new BadInput({ file, line: place.line, column: place.column, message });
}
