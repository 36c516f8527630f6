import { type DocumentParts, JsonSplitter } from "./json-splitter.js";
import { parseYamlPiece, type TextPiece } from "./text-piece.js";

/** Some lines that follow each other. */
interface Lines {
  readonly first: number;
  readonly lines: string[];
}

/** What is between two parts of `calicoctl datastore migrate export`; the later parts are JSON. */
const EXPORT_SEPARATOR = "===";

const ITEMS_KEY = /^items:\s*(#.*)?$/;

/**
 * Cuts a stream of YAML documents, line by line, into the members of each document and the elements of
 * its lists. A list of objects as kubectl prints it is parsed item by item:
 *
 *     apiVersion: v1        <- head
 *     items:
 *     - apiVersion: v1      <- item 0
 *       kind: Pod
 *     - apiVersion: v1      <- item 1
 *     kind: List            <- head again
 *
 * What `calicoctl datastore migrate export` prints is YAML first and JSON after a line `===`.
 */
export class YamlSplitter {
  /** The part of the document that is not in the items. */
  #heads: Lines[] = [];
  #item: Lines | undefined;
  #itemCount = 0;
  /** After `items:`, how far its dashes are indented; null when they have not come yet. */
  #indent: number | null | undefined;
  #json: JsonSplitter | undefined;

  constructor(
    private readonly file: string,
    private readonly parts: DocumentParts,
  ) {}

  /** @throws BadInput with line and column for what is not YAML. */
  push(line: string, number: number): void {
    if (line === EXPORT_SEPARATOR) {
      this.finish();
      this.#json = new JsonSplitter(this.file, this.parts, number + 1);
    } else if (this.#json !== undefined) {
      this.#json.push(Buffer.from(`${line}\n`));
    } else if (/^(---|\.\.\.)(\s|$)/.test(line)) {
      this.#endDocument();
      // Blanks keep the columns.
      if (line.length > 3) this.#addToHead(`   ${line.slice(3)}`, number);
    } else if (this.#indent === undefined) {
      if (ITEMS_KEY.test(line)) this.#indent = null;
      else this.#addToHead(line, number);
    } else {
      this.#takeInItems(line, number);
    }
  }

  /** @throws BadInput when the last document is not complete. */
  finish(): void {
    if (this.#json === undefined) this.#endDocument();
    else this.#json.finish();
  }

  #addToHead(line: string, number: number): void {
    const head = this.#heads.at(-1);
    if (head !== undefined && head.first + head.lines.length === number) head.lines.push(line);
    else if (line.trim() !== "" && !line.startsWith("%")) {
      this.#heads.push({ first: number, lines: [line] });
    }
  }

  #takeInItems(line: string, number: number): void {
    const indent = line.search(/[^ ]/);
    const isBlank = indent < 0 || line[indent] === "#";
    const isDash = line[indent] === "-" && (line.length === indent + 1 || line[indent + 1] === " ");
    if (isDash && indent === (this.#indent ?? indent)) {
      this.#indent = indent;
      this.#endItem();
      const text = `${line.slice(0, indent)} ${line.slice(indent + 1)}`;
      this.#item = { first: number, lines: [text] };
    } else if (this.#item !== undefined && (isBlank || indent > this.#indent!)) {
      this.#item.lines.push(line);
    } else if (!isBlank) {
      this.#endItems(number);
      this.#addToHead(line, number);
    }
  }

  #endItem(): void {
    if (this.#item === undefined) return;
    const piece = pieceOf(this.#item);
    const value = parseYamlPiece(this.file, piece)[0] ?? null;
    this.parts.element("items", this.#itemCount++, value, piece);
    this.#item = undefined;
  }

  #endItems(number: number): void {
    this.#endItem();
    // Without any dash the key has no value.
    if (this.#itemCount > 0) this.parts.list("items");
    else this.#addToHead("items:", number - 1);
    this.#itemCount = 0;
    this.#indent = undefined;
  }

  #endDocument(): void {
    if (this.#indent !== undefined) this.#endItems(this.#item?.first ?? 1);
    const heads = this.#heads;
    this.#heads = [];
    let isThere = false;
    for (const head of heads) {
      const piece = pieceOf(head);
      const [value] = parseYamlPiece(this.file, piece);
      if (value === undefined) continue;
      isThere = true;
      this.#emitHead(value, piece);
    }
    if (isThere) this.parts.end();
  }

  #emitHead(value: unknown, piece: TextPiece): void {
    if (typeof value !== "object" || value === null) {
      this.parts.other(value, piece);
      return;
    }
    if (Array.isArray(value)) {
      this.#emitList("", value, piece);
      return;
    }
    for (const [key, member] of Object.entries(value)) {
      const part = { ...piece, base: [key] };
      if (Array.isArray(member)) this.#emitList(key, member, part);
      else this.parts.member(key, member, part);
    }
  }

  #emitList(key: string, list: readonly unknown[], piece: TextPiece): void {
    for (const [i, element] of list.entries()) {
      this.parts.element(key, i, element, { ...piece, base: [...piece.base, i] });
    }
    this.parts.list(key);
  }
}

function pieceOf({ first, lines }: Lines): TextPiece {
  return { text: lines.join("\n"), line: first, column: 1, base: [] };
}
