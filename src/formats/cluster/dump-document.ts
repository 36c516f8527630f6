import { FieldFault, type FieldKey, shown } from "./field-reader.js";
import type { DocumentParts } from "./json-splitter.js";
import { inside, type Locator, type TextPiece } from "./text-piece.js";

/** What the documents of a dump hold. */
export interface DumpTarget {
  /** An object of Kubernetes or Calico, or what stands in its place. */
  object(value: unknown, locate: (keys: readonly FieldKey[]) => Locator, position: string): void;
  /** A key of etcd; the value is parsed JSON, or text that is none. */
  etcd(key: string, value: unknown, locator: Locator): void;
  /** The dump speaks of this kind, be it by an empty list. */
  mention(kind: string): void;
  /** Something in the place of the locator is not what it has to be. */
  fault(locator: Locator, position: string, fault: FieldFault): void;
  /** Something to be told that does not make the dump unreadable. */
  warn(locator: Locator, message: string): void;
}

type JsonRecord = Readonly<Record<string, unknown>>;

interface Part {
  readonly value: unknown;
  readonly piece: TextPiece;
}

/** Lists of `calicoctl datastore migrate export`, whose elements are keys and values of etcd. */
const MIGRATION_LISTS = ["block_affinities", "blocks", "handles"];

/** What a migration's lists speak of, be they empty, and then absent. */
const MIGRATION_KINDS = ["IPAMBlock", "BlockAffinity", "IPAMHandle", "IPAMConfig"];

const START: TextPiece = { text: "", line: 1, column: 1, base: [] };

function recordOf(value: unknown): JsonRecord | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return value as JsonRecord;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/**
 * The documents of one file, as their parts come in: opens lists of objects, and tells objects of
 * Kubernetes, answers of etcd (`etcdctl get --prefix -w json`) and migrations from each other.
 *
 * Items of a `PodList` need not tell their kind; it follows from the list's, which may stand behind
 * them.
 */
export class DumpDocument implements DocumentParts {
  #documents = 0;
  #members = new Map<string, Part>();
  #lists = new Map<string, Part[]>();
  /** Items whose kind is not known yet. */
  #waiting: (Part & { readonly index: number })[] = [];
  #itemsCount: number | undefined;
  #etcdCount: number | undefined;
  #isMigration = false;
  #hasElements = false;

  constructor(private readonly target: DumpTarget) {}

  member(key: string, value: unknown, piece: TextPiece): void {
    this.#members.set(key, { value, piece });
  }

  element(key: string, index: number, value: unknown, piece: TextPiece): void {
    if (key === "") {
      this.#hasElements = true;
      this.#open(value, piece, `[${index}]`);
    } else if (key === "items") {
      this.#itemsCount = index + 1;
      this.#openItem(value, piece, index);
    } else if (key === "kvs") {
      this.#etcdCount = index + 1;
      this.#openEtcdPair(value, piece, index);
    } else if (MIGRATION_LISTS.includes(key) && recordOf(value)?.["Key"] !== undefined) {
      this.#openMigrated({ value, piece }, `${key}[${index}]`);
    } else {
      const list = this.#lists.get(key) ?? [];
      list.push({ value, piece });
      this.#lists.set(key, list);
    }
  }

  other(value: unknown, piece: TextPiece): void {
    this.#hasElements = true;
    this.#open(value, piece, "");
  }

  list(key: string): void {
    if (key === "items") this.#itemsCount ??= 0;
    else if (key === "kvs") this.#etcdCount ??= 0;
    else if (key === "") this.#hasElements = true;
    else if (!this.#lists.has(key)) this.#lists.set(key, []);
  }

  end(): void {
    const config = this.#members.get("config");
    const isMigration = this.#isMigration || recordOf(config?.value)?.["Key"] !== undefined;
    if (isMigration) {
      if (config !== undefined) this.#openMigrated(config, "config");
      for (const kind of MIGRATION_KINDS) this.target.mention(kind);
    } else if (this.#etcdCount !== undefined) {
      this.#endEtcdAnswer(this.#etcdCount);
    } else if (this.#itemsCount !== undefined || this.#kind.endsWith("List")) {
      this.#endList();
    } else if (!this.#hasElements) {
      this.#endObject();
    }
    this.#documents++;
    this.#members = new Map();
    this.#lists = new Map();
    this.#waiting = [];
    this.#itemsCount = undefined;
    this.#etcdCount = undefined;
    this.#isMigration = false;
    this.#hasElements = false;
  }

  /** Documents that have ended. */
  get count(): number {
    return this.#documents;
  }

  get #kind(): string {
    return textOf(this.#members.get("kind")?.value);
  }

  #position(place: string): string {
    const document = this.#documents === 0 ? "" : `document ${this.#documents + 1}`;
    return [document, place].filter((part) => part !== "").join(": ");
  }

  #open(value: unknown, piece: Locator, place: string): void {
    const record = recordOf(value);
    const items = record?.["items"];
    if (textOf(record?.["kind"]).endsWith("List") && Array.isArray(items)) {
      for (const [i, item] of (items as unknown[]).entries()) {
        this.#open(item, inside(piece, ["items", i]), `${place}.items[${i}]`);
      }
      return;
    }
    const position = this.#position(place);
    this.target.object(value, (keys) => inside(piece, keys), position);
  }

  #openItem(value: unknown, piece: TextPiece, index: number): void {
    const record = recordOf(value);
    if (
      record === undefined ||
      (record["kind"] !== undefined && record["apiVersion"] !== undefined)
    ) {
      this.#open(value, piece, `items[${index}]`);
    } else if (this.#members.has("kind") && this.#members.has("apiVersion")) {
      this.#open(this.#filled(record), piece, `items[${index}]`);
    } else {
      this.#waiting.push({ value, piece, index });
    }
  }

  /** The item with the kind that its list tells. */
  #filled(item: JsonRecord): JsonRecord {
    const kind = this.#kind.replace(/List$/, "");
    if (kind === "") return item;
    return { apiVersion: this.#members.get("apiVersion")?.value, kind, ...item };
  }

  #endList(): void {
    for (const { value, piece, index } of this.#waiting) {
      this.#open(this.#filled(value as JsonRecord), piece, `items[${index}]`);
    }
    const itemKind = this.#kind.replace(/List$/, "");
    if (itemKind !== "") this.target.mention(itemKind);
    const items = this.#members.get("items");
    if (this.#itemsCount === undefined && items?.value !== null) {
      const fault = new FieldFault(["items"], `expected a list, found ${shown(items?.value)}`);
      this.target.fault(items?.piece ?? START, this.#position(""), fault);
    }
    const metadata = this.#members.get("metadata");
    if (textOf(recordOf(metadata?.value)?.["continue"]) !== "") {
      const rest = recordOf(metadata!.value)!["remainingItemCount"];
      const count = typeof rest === "number" || typeof rest === "bigint" ? `${rest} ` : "";
      const message = `is a page of a list only (metadata.continue is set): ${count}more objects are missing`;
      this.target.warn(metadata!.piece, message);
    }
  }

  #endObject(): void {
    const value = Object.fromEntries([
      ...[...this.#members].map(([key, part]) => [key, part.value] as const),
      ...[...this.#lists].map(([key, parts]) => [key, parts.map((part) => part.value)] as const),
    ]);
    const members = this.#members;
    const lists = this.#lists;
    const first = [...members.values()][0]?.piece ?? START;
    const locate = ([key = "", ...rest]: readonly FieldKey[]): Locator => {
      const piece = members.get(String(key))?.piece;
      if (piece !== undefined) return inside(piece, rest);
      const [index, ...inner] = rest;
      return inside(lists.get(String(key))?.[Number(index)]?.piece ?? first, inner);
    };
    this.target.object(value, locate, this.#position(""));
  }

  #openEtcdPair(value: unknown, piece: TextPiece, index: number): void {
    const { line, column } = piece;
    const record = recordOf(value);
    const [key, content] = [record?.["key"], record?.["value"] ?? ""];
    if (typeof key !== "string" || typeof content !== "string") {
      const fault = new FieldFault(
        [],
        "expected a key and a value in base64, as etcdctl prints them",
      );
      this.target.fault(piece, this.#position(`kvs[${index}]`), fault);
      return;
    }
    const decode = (text: string) => Buffer.from(text, "base64").toString("utf8");
    this.target.etcd(decode(key), decode(content), { line, column });
  }

  #endEtcdAnswer(count: number): void {
    const total = this.#members.get("count");
    const number = Number(total?.value ?? count);
    if (number > count) {
      this.target.warn(total!.piece, `holds ${count} of ${number} keys (etcdctl --limit?)`);
    }
  }

  #openMigrated({ value, piece }: Part, place: string): void {
    this.#isMigration = true;
    const key = recordOf(value)?.["Key"];
    if (typeof key !== "string") {
      const fault = new FieldFault(["Key"], `expected a key of etcd, found ${shown(key)}`);
      this.target.fault(piece, this.#position(place), fault);
      return;
    }
    this.target.etcd(key, recordOf(value)!["Value"], inside(piece, ["Value"]));
  }
}
