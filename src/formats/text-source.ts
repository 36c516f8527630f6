import { createReadStream } from "node:fs";
import { access, constants, readdir, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { BadInput, EnvironmentError } from "../failure/failure.js";
import { didYouMean } from "../failure/nearest-name.js";

/** Path that stands for standard input. */
export const STANDARD_INPUT = "-";

/** Longest line that is read, in UTF-16 units. No line of a known trace has a tenth of it. */
export const LINE_LENGTH_MAX = 65_536;

const CHUNK_BYTES = 256 * 1024;

/** Consecutive lines, without their line ends. Lines count from 1. */
export interface LineBatch {
  readonly firstLine: number;
  readonly lines: readonly string[];
}

export interface TextSourceOptions {
  /** What `-` reads; the process's standard input when absent. */
  readonly stdin?: Readable | undefined;
  /** Longest line that is accepted, in UTF-16 units; `LINE_LENGTH_MAX` when absent. */
  readonly lineLengthMax?: number | undefined;
}

/** What is wrong with a file that could not be opened, in words, or undefined for other errors. */
function accessFault(code: string | undefined): string | undefined {
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return "no such file";
    case "EISDIR":
      return "is a directory; expected a file";
    case "EACCES":
    case "EPERM":
      return "no permission to read this file";
    case "ELOOP":
      return "is a symbolic link that leads back to itself";
    case "ENAMETOOLONG":
    case "ERR_INVALID_ARG_VALUE":
      return "is not a possible file name";
    default:
      return undefined;
  }
}

async function nearestSibling(path: string): Promise<string> {
  const siblings = await readdir(dirname(path)).catch(() => []);
  return didYouMean(basename(path), siblings);
}

/**
 * Tells in words why a file cannot be read (`no such file (did you mean "pods.csv"?)`), or returns
 * undefined when it can. Standard input always can. Throws EnvironmentError when the machine does
 * not answer.
 */
export async function unreadable(path: string): Promise<string | undefined> {
  if (path === STANDARD_INPUT) return undefined;
  try {
    const entry = await stat(path);
    if (entry.isDirectory()) return accessFault("EISDIR");
    await access(path, constants.R_OK);
    return undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const fault = accessFault(code);
    if (fault === undefined) throw unexpected(path, error);
    return code === "ENOENT" ? fault + (await nearestSibling(path)) : fault;
  }
}

function unexpected(path: string, error: unknown): EnvironmentError {
  return new EnvironmentError(`${path}: cannot be read: ${(error as Error).message}`);
}

/** The failure that an error of the streams stands for; `line` is the line being read. */
function readFailure(path: string, error: unknown, line: number): Error {
  if (error instanceof BadInput) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "Z_BUF_ERROR") {
    const message = "the gzip data ends too early; is the file complete?";
    return new BadInput({ file: path, line, message });
  }
  if (code === "Z_DATA_ERROR") {
    const message = "the gzip data is damaged, or something else follows it";
    return new BadInput({ file: path, line, message });
  }
  return unexpected(path, error);
}

/** The bytes of a file or of standard input, unpacked when they begin with gzip's two magic bytes. */
async function openBytes(path: string, options: TextSourceOptions): Promise<AsyncIterable<Buffer>> {
  const file =
    path === STANDARD_INPUT
      ? (options.stdin ?? process.stdin)
      : createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const chunks = file[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* whole(): AsyncGenerator<Buffer> {
    try {
      yield head;
      for (;;) {
        const next = await chunks.next();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      file.destroy();
    }
  }
  const start = head.subarray(0, 2).toString("hex");
  if (start === "fffe" || start === "feff") {
    return fromUtf16(path, whole(), start === "fffe" ? "utf-16le" : "utf-16be");
  }
  if (start !== "1f8b") return whole();
  // Node's gunzip goes on with the next member of concatenated ones and refuses other data there.
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  pipeline(Readable.from(whole()), gunzip, () => undefined);
  return gunzip;
}

/** What Windows' PowerShell writes with `>`, as UTF-8. */
async function* fromUtf16(
  path: string,
  bytes: AsyncIterable<Buffer>,
  encoding: "utf-16le" | "utf-16be",
): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const decode = (chunk?: Buffer) => {
    try {
      return Buffer.from(chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode());
    } catch {
      throw new BadInput({ file: path, message: "begins as UTF-16, and is no text in UTF-16" });
    }
  };
  for await (const chunk of bytes) yield decode(chunk);
  yield decode();
}

/** Splits chunks of bytes into lines. */
class LineSplitter {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  /** The unfinished line at the end of what has been decoded. */
  #rest = "";
  /** Number of the next line to be handed out. */
  line = 1;

  constructor(
    private readonly path: string,
    private readonly lineLengthMax: number,
  ) {}

  split(chunk: Buffer | undefined): LineBatch {
    const text = this.#decode(chunk);
    // A line of many chunks is put together once, at its end, not split anew with each chunk.
    if (chunk !== undefined && !text.includes("\n")) {
      this.#rest += text;
      if (this.#rest.length > this.lineLengthMax) this.#refuseLength(this.line);
      return { firstLine: this.line, lines: [] };
    }
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    if (this.#rest.length > this.lineLengthMax) this.#refuseLength(this.line + lines.length);
    if (chunk === undefined && this.#rest !== "") lines.push(this.#rest);
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i]!;
      if (line.charCodeAt(line.length - 1) === 13) lines[i] = line.slice(0, -1);
      if (line.length > this.lineLengthMax) this.#refuseLength(this.line + i);
    }
    const batch = { firstLine: this.line, lines };
    this.line += lines.length;
    return batch;
  }

  #decode(chunk: Buffer | undefined): string {
    try {
      return chunk === undefined
        ? this.#decoder.decode()
        : this.#decoder.decode(chunk, { stream: true });
    } catch {
      const text = chunk?.toString("utf8") ?? "";
      const before = text.slice(0, Math.max(0, text.indexOf("\ufffd")));
      const line = this.line + before.split("\n").length - 1;
      throw new BadInput({ file: this.path, line, message: "is not text in UTF-8" });
    }
  }

  #refuseLength(line: number): never {
    const message = `the line has more than ${this.lineLengthMax} characters; is this a text file?`;
    throw new BadInput({ file: this.path, line, message });
  }
}

/**
 * Reads the bytes of a file (or standard input for `-`), unpacked when they are gzip data, which is
 * recognised by its magic bytes, whatever the name, and may consist of several members. UTF-16 with a
 * byte order mark becomes UTF-8.
 *
 * @param lineNow the line that the caller has come to, for messages.
 * @throws BadInput when the file cannot be opened or holds damaged gzip data; EnvironmentError when
 *   reading fails otherwise.
 */
export async function* readBytes(
  path: string,
  options: TextSourceOptions,
  lineNow: () => number,
): AsyncGenerator<Buffer> {
  const fault = await unreadable(path);
  if (fault !== undefined) throw new BadInput({ file: path, message: fault });
  try {
    yield* await openBytes(path, options);
  } catch (error) {
    throw readFailure(path, error, lineNow());
  }
}

/**
 * Splits the bytes of a file into lines, as `readLines` does.
 *
 * @throws BadInput when they are not UTF-8 text or a line is too long.
 */
export async function* splitLines(
  path: string,
  bytes: AsyncIterable<Buffer>,
  options: TextSourceOptions,
  onLine?: (line: number) => void,
): AsyncGenerator<LineBatch> {
  const splitter = new LineSplitter(path, options.lineLengthMax ?? LINE_LENGTH_MAX);
  for await (const chunk of bytes) {
    yield splitter.split(chunk);
    onLine?.(splitter.line);
  }
  yield splitter.split(undefined);
}

/**
 * Reads a file (or standard input for `-`) as batches of lines, never holding more than one chunk.
 * Gzip data and UTF-16 are recognised, see `readBytes`. A byte order mark and carriage returns before
 * line feeds are dropped.
 *
 * @throws BadInput when the file cannot be opened, is not UTF-8 text, has a line longer than
 *   `LINE_LENGTH_MAX` or holds damaged gzip data; EnvironmentError when reading fails otherwise.
 */
export async function* readLines(
  path: string,
  options: TextSourceOptions = {},
): AsyncGenerator<LineBatch> {
  let line = 1;
  const bytes = readBytes(path, options, () => line);
  yield* splitLines(path, bytes, options, (reached) => {
    line = reached;
  });
}

/**
 * Reads a whole small file as text, a line feed ending each line but the last.
 *
 * @param lengthMax most characters that are accepted.
 * @throws BadInput as `readLines`, and when the file is longer.
 */
export async function readText(
  path: string,
  lengthMax: number,
  options: TextSourceOptions = {},
): Promise<string> {
  const lines: string[] = [];
  let length = 0;
  for await (const batch of readLines(path, options)) {
    for (const line of batch.lines) {
      length += line.length + 1;
      lines.push(line);
    }
    if (length > lengthMax) {
      throw new BadInput({ file: path, message: `has more than ${lengthMax} characters` });
    }
  }
  return lines.join("\n");
}
