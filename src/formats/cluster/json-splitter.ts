import { isUtf8 } from "node:buffer";
import { BadInput } from "../../failure/failure.js";
import { printable } from "../traces/printable.js";
import { brokenOff, DEPTH_MAX, misplaced, parseJsonPiece, type TextPiece } from "./text-piece.js";

/** What a document is made of, in the order in which it stands there. */
export interface DocumentParts {
  /** A member of the document that is no list. */
  member(key: string, value: unknown, piece: TextPiece): void;
  /** An element of a list that is a member of the document, or of the document itself (key empty). */
  element(key: string, index: number, value: unknown, piece: TextPiece): void;
  /** A list was there; its elements came before. */
  list(key: string): void;
  /** The document is neither an object nor a list. */
  other(value: unknown, piece: TextPiece): void;
  /** The document is over. */
  end(): void;
}

/** Largest value that is parsed by itself. Kubernetes stores no object of more than 1.5 MB. */
const PIECE_BYTES_MAX = 64 * 1024 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const LINE_FEED = 0x0a;
const MINUS = 0x2d;
/** Stands before each text of a JSON text sequence (RFC 7464). */
const RECORD_SEPARATOR = 0x1e;

/** Integers of this many digits may not fit a double. */
const LONG_DIGITS = 16;

type State =
  | "document"
  | "dashes"
  | "first key"
  | "key"
  | "in key"
  | "colon"
  | "value"
  | "in value"
  | "after value"
  | "first element"
  | "element"
  | "in element"
  | "after element";

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === LINE_FEED || byte === 0x0d || byte === 0x09;
}

/**
 * Cuts JSON documents that arrive in chunks of bytes into the members of the document and the elements
 * of its lists, and parses each by itself: so a list of a million objects takes the memory of one.
 * Documents may follow each other, also with lines of dashes between them.
 */
export class JsonSplitter {
  #state: State = "document";
  /** Number of the line that is read, and how many bytes of the file stand before it. */
  #line: number;
  #lineStart = 0;
  /** Bytes of the file before the chunk that is read. */
  #chunkStart = 0;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #key = "";
  readonly #keys = new Set<string>();
  #index = 0;
  #isList = false;
  // Of the value that is being cut out:
  #startLine = 1;
  #startColumn = 1;
  #depth = 0;
  #inText = false;
  #escaped = false;
  #colons = 0;
  #digits = 0;
  #hasLongNumber = false;

  constructor(
    private readonly file: string,
    private readonly parts: DocumentParts,
    firstLine = 1,
  ) {
    this.#line = firstLine;
  }

  /** Number of the line that is read. */
  get line(): number {
    return this.#line;
  }

  /** @throws BadInput with line and column at the first byte that cannot stand where it stands. */
  push(chunk: Buffer): void {
    let i = 0;
    while (i < chunk.length) {
      const isCutting =
        this.#state === "in value" || this.#state === "in element" || this.#state === "in key";
      i = isCutting ? this.#cut(chunk, i) : this.#step(chunk, i);
    }
    this.#chunkStart += chunk.length;
  }

  /** @throws BadInput when the last document is not complete. */
  finish(): void {
    if (this.#state === "document" || this.#state === "dashes") return;
    const place = { line: this.#line, column: this.#chunkStart - this.#lineStart + 1 };
    throw brokenOff(this.file, place, this.#isList ? this.#elementName() : this.#key);
  }

  #elementName(): string {
    return `${this.#key === "" ? "element " : this.#key}[${this.#index}]`;
  }

  #placeAt(i: number) {
    return { line: this.#line, column: this.#chunkStart + i - this.#lineStart + 1 };
  }

  #newLine(i: number): void {
    this.#line++;
    this.#lineStart = this.#chunkStart + i + 1;
  }

  #refuse(chunk: Buffer, i: number): never {
    const character = chunk.toString("utf8", i, i + 4).slice(0, 1);
    throw misplaced(this.file, character, this.#placeAt(i));
  }

  /** Takes one byte between values, or starts to cut out the value that begins there. */
  #step(chunk: Buffer, i: number): number {
    const byte = chunk[i]!;
    if (isSpace(byte)) {
      if (byte === LINE_FEED) {
        this.#newLine(i);
        if (this.#state === "dashes") this.#state = "document";
      }
      return i + 1;
    }
    switch (this.#state) {
      case "document":
      case "dashes":
        return this.#openDocument(chunk, i);
      case "first key":
        if (byte === CLOSE_OBJECT) return this.#endDocument(i);
        if (byte !== QUOTE) this.#refuse(chunk, i);
        return this.#begin("in key", i);
      case "key":
        if (byte !== QUOTE) this.#refuse(chunk, i);
        return this.#begin("in key", i);
      case "colon":
        if (byte !== COLON) this.#refuse(chunk, i);
        this.#state = "value";
        return i + 1;
      case "value":
        if (byte !== OPEN_LIST) return this.#begin("in value", i);
        this.#openList();
        return i + 1;
      case "after value":
        if (byte === CLOSE_OBJECT) return this.#endDocument(i);
        if (byte !== COMMA) this.#refuse(chunk, i);
        this.#state = "key";
        return i + 1;
      case "first element":
        if (byte === CLOSE_LIST) return this.#closeList(i);
        return this.#begin("in element", i);
      case "element":
        return this.#begin("in element", i);
      default:
        if (byte === CLOSE_LIST) return this.#closeList(i);
        if (byte !== COMMA) this.#refuse(chunk, i);
        this.#state = "element";
        return i + 1;
    }
  }

  #openDocument(chunk: Buffer, i: number): number {
    const byte = chunk[i]!;
    if (byte === MINUS || byte === RECORD_SEPARATOR) {
      this.#state = byte === MINUS ? "dashes" : "document";
      return i + 1;
    }
    if (this.#state === "dashes" && byte !== OPEN_OBJECT) this.#refuse(chunk, i);
    this.#keys.clear();
    this.#key = "";
    if (byte === OPEN_OBJECT) this.#state = "first key";
    else if (byte === OPEN_LIST) this.#openList();
    else if (byte === 0xef && this.#chunkStart + i === 0) return i + 3;
    else this.#refuse(chunk, i);
    return i + 1;
  }

  #openList(): void {
    this.#isList = true;
    this.#index = 0;
    this.#state = "first element";
  }

  #closeList(i: number): number {
    this.#isList = false;
    this.parts.list(this.#key);
    if (this.#key === "") return this.#endDocument(i);
    this.#state = "after value";
    return i + 1;
  }

  #endDocument(i: number): number {
    this.#state = "document";
    this.parts.end();
    return i + 1;
  }

  #begin(state: "in key" | "in value" | "in element", i: number): number {
    this.#state = state;
    const { line, column } = this.#placeAt(i);
    this.#startLine = line;
    this.#startColumn = column;
    this.#depth = 0;
    this.#inText = false;
    this.#escaped = false;
    this.#colons = 0;
    this.#digits = 0;
    this.#hasLongNumber = false;
    return i;
  }

  /** Goes to the end of the value that is being cut out, or of the chunk. Returns where that is. */
  #cut(chunk: Buffer, start: number): number {
    const end = this.#endOfValue(chunk, start);
    if (end < chunk.length || this.#isComplete()) {
      this.#emit(chunk.subarray(start, end));
    } else {
      // The bytes of a chunk may be used again for the next one.
      this.#pending.push(Buffer.from(chunk.subarray(start)));
      this.#pendingBytes += chunk.length - start;
      if (this.#pendingBytes > PIECE_BYTES_MAX) {
        const message = `a value has more than ${PIECE_BYTES_MAX} bytes; no object of a dump has`;
        throw new BadInput({ file: this.file, line: this.#startLine, message });
      }
    }
    return end;
  }

  /** A key ends with its quotation mark, and so within its chunk. */
  #isComplete(): boolean {
    return this.#state === "in key" && this.#depth === 1;
  }

  #endOfValue(chunk: Buffer, start: number): number {
    let inText = this.#inText;
    let escaped = this.#escaped;
    let depth = this.#depth;
    let digits = this.#digits;
    const isKey = this.#state === "in key";
    let i = start;
    scan: for (; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (inText) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) {
          inText = false;
          if (isKey) {
            depth = 1;
            i++;
            break;
          }
        } else if (byte === LINE_FEED) this.#newLine(i);
        continue;
      }
      if (byte >= 0x30 && byte <= 0x39) {
        if (++digits === LONG_DIGITS) this.#hasLongNumber = true;
        continue;
      }
      digits = 0;
      switch (byte) {
        case QUOTE:
          inText = true;
          break;
        case LINE_FEED:
          this.#newLine(i);
          break;
        case COLON:
          this.#colons++;
          break;
        case COMMA:
          if (depth === 0) break scan;
          break;
        case OPEN_OBJECT:
        case OPEN_LIST:
          if (++depth > DEPTH_MAX) this.#refuseDepth(i);
          break;
        case CLOSE_OBJECT:
        case CLOSE_LIST:
          if (depth-- === 0) break scan;
          break;
        default:
      }
    }
    this.#inText = inText;
    this.#escaped = escaped;
    this.#depth = depth;
    this.#digits = digits;
    return i;
  }

  #refuseDepth(i: number): never {
    const { line, column } = this.#placeAt(i);
    const message = `has more than ${DEPTH_MAX} levels, which no dump of Kubernetes has`;
    throw new BadInput({ file: this.file, line, column, message });
  }

  #emit(rest: Buffer): void {
    const bytes = this.#pending.length === 0 ? rest : Buffer.concat([...this.#pending, rest]);
    this.#pending = [];
    this.#pendingBytes = 0;
    if (!isUtf8(bytes)) {
      const message = "is not text in UTF-8";
      throw new BadInput({ file: this.file, line: this.#startLine, message });
    }
    const piece: TextPiece = {
      text: bytes.toString("utf8"),
      line: this.#startLine,
      column: this.#startColumn,
      base: [],
    };
    const value = parseJsonPiece(this.file, piece, this.#colons, this.#hasLongNumber);
    switch (this.#state) {
      case "in key":
        this.#takeKey(value as string, piece);
        return;
      case "in value":
        this.parts.member(this.#key, value, piece);
        this.#state = "after value";
        return;
      default:
        this.parts.element(this.#key, this.#index++, value, piece);
        this.#state = "after element";
    }
  }

  #takeKey(key: string, { line, column }: TextPiece): void {
    if (this.#keys.has(key)) {
      const message = `the key ${printable(JSON.stringify(key))} stands twice`;
      throw new BadInput({ file: this.file, line, column, message });
    }
    this.#keys.add(key);
    this.#key = key;
    this.#state = "colon";
  }
}
