import { didYouMean } from "../../failure/nearest-name.js";
import { quoted } from "../traces/printable.js";
import type { FieldPath, LinePlace } from "./yaml-document.js";

/** What a scenario, or a part of one, was written in: a file, or an option of the command line. */
export interface LayerSource {
  /** Path of the file, or the option as it was given. */
  readonly file: string;
  /** Where a field stands; undefined when the source has no lines. */
  place(path: FieldPath, part: "value" | "key"): LinePlace | undefined;
  /** A path that the source names, from the working directory. */
  pathFrom(path: string): string;
}

/** Where a field of the merged content was written. */
interface Origin {
  readonly source: LayerSource;
  /** Its path in the source. */
  readonly path: FieldPath;
  /** Fields of it that were written elsewhere. */
  readonly parts?: ReadonlyMap<string | number, Origin>;
}

interface Part {
  readonly value: unknown;
  readonly origin: Origin;
}

/** What is wrong with a layer, at a path of that layer. */
export interface LayerFinding {
  readonly path: FieldPath;
  readonly message: string;
}

/** The key under which a mapping that changes a list gives further items. */
export const ADDED_ITEMS = "+";

type Mapping = Readonly<Record<string, unknown>>;

function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function partOf(origin: Origin, key: string | number): Origin {
  return origin.parts?.get(key) ?? { source: origin.source, path: [...origin.path, key] };
}

/** What an item of a list is called: by its name, or an executor without one by its kind. */
function nameOf(item: unknown): string | undefined {
  if (!isMapping(item)) return undefined;
  const name = item["name"] ?? item["executor"];
  return typeof name === "string" ? name : undefined;
}

/** Index of the item of this name, or of this number; -1 when there is none. */
export function itemIndex(list: readonly unknown[], key: string): number {
  const byName = list.findIndex((item) => nameOf(item) === key);
  if (byName >= 0 || !/^\d+$/.test(key)) return byName;
  return Number(key) < list.length ? Number(key) : -1;
}

function missingItem(list: readonly unknown[], key: string): string {
  const names = list.map(nameOf).filter((name) => name !== undefined);
  const near = didYouMean(key, names);
  const last = list.length - 1;
  const numbers = last < 0 ? "it is empty" : `its items are 0 to ${last}`;
  const known = names.length === 0 ? numbers : `${numbers}, by name ${names.join(", ")}`;
  return `the list has no item ${quoted(key)}${near === "" ? `; ${known}` : near}`;
}

/** Whether a mapping names another law than the one under it, whose parameters are then not its own. */
function isOtherDistribution(base: Mapping, over: Mapping): boolean {
  const [before, after] = [base["distribution"], over["distribution"]];
  return typeof before === "string" && typeof after === "string" && before !== after;
}

/** Lays one content over another. */
class Merge {
  readonly findings: LayerFinding[] = [];

  constructor(private readonly source: LayerSource) {}

  /** @param path that of the value in its layer. */
  lay(base: Part | undefined, value: unknown, path: FieldPath): Part {
    const origin: Origin = { source: this.source, path };
    if (!isMapping(value)) return { value, origin };
    if (Array.isArray(base?.value)) return this.#changeList(base, value, path);
    if (isMapping(base?.value)) {
      if (isOtherDistribution(base.value, value)) return { value, origin };
      return this.#mergeMappings(base, value, path);
    }
    const added = value[ADDED_ITEMS];
    const isNewList = base?.value == null && Array.isArray(added) && Object.keys(value).length < 2;
    if (!isNewList) return { value, origin };
    return { value: added, origin: partOf(origin, ADDED_ITEMS) };
  }

  #mergeMappings({ value: base, origin }: Part, over: Mapping, path: FieldPath): Part {
    const entries = new Map(Object.entries(base as Mapping));
    const parts = new Map<string, Origin>();
    for (const key of entries.keys()) parts.set(key, partOf(origin, key));
    for (const [key, value] of Object.entries(over)) {
      if (value === null) {
        entries.delete(key);
        continue;
      }
      const old = entries.get(key);
      const below = old === undefined ? undefined : { value: old, origin: parts.get(key)! };
      const merged = this.lay(below, value, [...path, key]);
      entries.set(key, merged.value);
      parts.set(key, merged.origin);
    }
    return { value: Object.fromEntries(entries), origin: { source: this.source, path, parts } };
  }

  #changeList({ value, origin }: Part, over: Mapping, path: FieldPath): Part {
    const list = value as readonly unknown[];
    const items: (Part | undefined)[] = list.map((item, i) => {
      return { value: item, origin: partOf(origin, i) };
    });
    for (const [key, change] of Object.entries(over)) {
      const place = [...path, key];
      const index = itemIndex(list, key);
      if (key === ADDED_ITEMS && Array.isArray(change)) {
        const added = change.map((item: unknown, i) => this.lay(undefined, item, [...place, i]));
        items.push(...added);
      } else if (index < 0) {
        this.findings.push({ path: place, message: missingItem(list, key) });
      } else {
        items[index] = change === null ? undefined : this.lay(items[index], change, place);
      }
    }
    const left = items.filter((item) => item !== undefined);
    const parts = new Map(left.map((item, i) => [i, item.origin]));
    return { value: left.map((item) => item.value), origin: { ...origin, parts } };
  }
}

/** What only the file itself can say. */
const OWN_KEYS = ["name", "description"];

/**
 * The content of a scenario that is written in several places: a file, those that it extends, and the
 * command line. Knows for each field where it was written.
 */
export class LayeredContent {
  private constructor(
    private readonly root: Part,
    /** The file that the user named. */
    readonly file: string,
  ) {}

  static of(source: LayerSource, value: unknown): LayeredContent {
    return new LayeredContent({ value, origin: { source, path: [] } }, source.file);
  }

  /** The content as plain values. */
  get value(): unknown {
    return this.root.value;
  }

  /**
   * Lays further content over this. Mappings are merged, but one with another `distribution` replaces
   * the one under it; `null` takes a key away; a list replaces a list; a mapping over a list changes
   * its items, which it calls by their name or number, and adds those under `+`.
   */
  under(
    source: LayerSource,
    value: unknown,
  ): { readonly content: LayeredContent; readonly findings: readonly LayerFinding[] } {
    const merge = new Merge(source);
    const root = merge.lay(this.root, value, []);
    return { content: new LayeredContent(root, this.file), findings: merge.findings };
  }

  /** This as the base of another file: without what only the file itself can say. */
  asBaseOf(file: string): LayeredContent {
    const { value, origin } = this.root;
    if (!isMapping(value)) return new LayeredContent(this.root, file);
    const kept = Object.entries(value).filter(([key]) => !OWN_KEYS.includes(key));
    return new LayeredContent({ value: Object.fromEntries(kept), origin }, file);
  }

  #originOf(path: FieldPath): Origin {
    let origin = this.root.origin;
    for (const key of path) origin = partOf(origin, key);
    return origin;
  }

  /** Where a field was written; one that is nowhere is shown at the innermost part that is. */
  place(
    path: FieldPath,
    part: "value" | "key" = "value",
  ): { readonly file: string } & Partial<LinePlace> {
    const { source, path: own } = this.#originOf(path);
    return { file: source.file, ...source.place(own, part) };
  }

  /** Where a field was written, in words, for a message about another field. */
  placeText(path: FieldPath): string {
    const { file, line } = this.place(path);
    const lineText = line === undefined ? "" : `line ${line}`;
    if (file === this.file) return lineText;
    return lineText === "" ? file : `${lineText} of ${file}`;
  }

  /** A path that a field holds, from the working directory. */
  pathFrom(path: FieldPath, named: string): string {
    return this.#originOf(path).source.pathFrom(named);
  }
}
