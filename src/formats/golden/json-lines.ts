import { BadInput } from "../../failure/failure.js";
import { readLines, type TextSourceOptions } from "../text-source.js";
import type { Json } from "./trace-line.js";

/** One line of a file of JSON lines; lines count from 1. */
export interface JsonLine {
  readonly line: number;
  readonly value: Json;
}

/** A snapshot of a whole cluster is one line. */
const SNAPSHOT_LENGTH_MAX = 256 * 1024 * 1024;

/**
 * Reads JSON lines (plain or gzip); empty lines are skipped. A file whose first line only opens an
 * array or an object is one JSON document, which is told as one value at its first line.
 *
 * @throws BadInput with file and line when a line is not JSON, and as `readLines` does.
 */
export async function* readJsonLines(
  path: string,
  options: TextSourceOptions = {},
): AsyncGenerator<JsonLine> {
  const bounded = { ...options, lineLengthMax: SNAPSHOT_LENGTH_MAX };
  let document: string[] | undefined;
  let isFirst = true;
  for await (const { firstLine, lines } of readLines(path, bounded)) {
    if (document !== undefined) {
      document.push(...lines);
      continue;
    }
    for (const [i, text] of lines.entries()) {
      if (text.trim() === "") continue;
      if (isFirst && /^\s*[[{]\s*$/.test(text)) {
        document = lines.slice(i);
        break;
      }
      isFirst = false;
      yield { line: firstLine + i, value: parseLine(path, firstLine + i, text) };
    }
  }
  if (document !== undefined) yield { line: 1, value: parseLine(path, 1, document.join("\n")) };
}

function parseLine(path: string, line: number, text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    const reason = (error as Error).message;
    throw new BadInput({ file: path, line, message: `expected one JSON value: ${reason}` });
  }
}
