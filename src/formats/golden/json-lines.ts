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
 * Reads JSON lines (plain or gzip); empty lines are skipped.
 *
 * @throws BadInput with file and line when a line is not JSON, and as `readLines` does.
 */
export async function* readJsonLines(
  path: string,
  options: TextSourceOptions = {},
): AsyncGenerator<JsonLine> {
  const bounded = { ...options, lineLengthMax: SNAPSHOT_LENGTH_MAX };
  for await (const { firstLine, lines } of readLines(path, bounded)) {
    for (const [i, text] of lines.entries()) {
      if (text.trim() === "") continue;
      yield { line: firstLine + i, value: parseLine(path, firstLine + i, text) };
    }
  }
}

function parseLine(path: string, line: number, text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    const reason = (error as Error).message;
    throw new BadInput({ file: path, line, message: `expected one JSON value: ${reason}` });
  }
}
