import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  Parser,
  visit,
  type YAMLError,
} from "yaml";
import { BadInput, type InputFault } from "../../failure/failure.js";
import { printable, quoted } from "../traces/printable.js";

/** Keys of mappings and indices of lists, from the outside in. */
export type FieldPath = readonly (string | number)[];

export interface LinePlace {
  readonly line: number;
  readonly column: number;
}

/** Deepest nesting that is accepted; the YAML library recurses, and a scenario needs six levels. */
const DEPTH_MAX = 50;

/** Most aliases that are accepted; each one is looked up through the whole file. */
const ALIASES_MAX = 1000;

/** The nesting of the parsed tokens, counted without recursion. */
function depthOf(tokens: readonly CST.Token[]): number {
  let deepest = 0;
  const open: [CST.Token, number][] = tokens.map((token) => [token, 0]);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [token, depth] = next;
    deepest = Math.max(deepest, depth);
    if (token.type === "document" && token.value) open.push([token.value, depth + 1]);
    if (!("items" in token)) continue;
    for (const { key, value } of token.items) {
      if (key) open.push([key, depth + 1]);
      if (value) open.push([value, depth + 1]);
    }
  }
  return deepest;
}

function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  // The option stringKeys makes every plain key a text.
  return typeof key.value === "string" ? key.value : undefined;
}

/** The last pair with this key: it is the one whose value counts. */
function findPair(items: readonly Pair[], key: string): Pair | undefined {
  return items.findLast((pair) => keyText(pair.key) === key);
}

const YAML_OPTIONS = {
  prettyErrors: false,
  resolveKnownTags: false,
  stringKeys: true,
  logLevel: "error",
} as const;

const INDENT = "this line is indented unlike its neighbours";

/** Beginnings of messages of the YAML library, and words for them that say what to do. */
const WORDINGS: readonly (readonly [string, string])[] = [
  ["Tabs are not allowed", "a tab cannot indent; use spaces"],
  ["Flow sequence in block collection", "the list that begins with [ is not closed by ]"],
  ["Flow map in block collection", "the mapping that begins with { is not closed by }"],
  ["All mapping items must start", INDENT],
  ["Sequence item without", `${INDENT}; a new item of a list begins with -`],
  ["A block sequence may not be used", INDENT],
  [
    "Nested mappings are not allowed",
    'a second "key: value" in one line: quotes missing, or the next line indented too far',
  ],
  ["Implicit map keys need", 'expected "key: value", found no colon'],
  ["Missing closing", "this quoted text is not closed"],
  ["Unexpected scalar at node end", "something follows the value that does not belong to it"],
  ["Plain value cannot start with", "a text that begins with this character needs quotes"],
  ["With stringKeys", "a key must be a text"],
  ["Unresolved tag", "YAML tags (!…) are not supported here"],
];

/** What an error of the YAML library means. */
function wording({ message }: YAMLError): string {
  const known = WORDINGS.find(([beginning]) => message.startsWith(beginning));
  if (known !== undefined) return known[1];
  const unexpected = /^Unexpected .* token in YAML stream: (".*")$/.exec(message);
  if (unexpected !== null) return printable(`unexpected ${unexpected[1]}`);
  return printable(`not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`);
}

/** A YAML file: its value, and where each part of it stands. */
export class YamlDocument {
  /** Faults that leave the rest of the file readable: duplicate keys, tags. */
  readonly faults: InputFault[] = [];
  /** The content as plain values; undefined when the file holds none. */
  readonly value: unknown;
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed;

  /**
   * @param file name for messages.
   * @throws BadInput with every fault of the syntax.
   */
  constructor(
    readonly file: string,
    text: string,
  ) {
    const tokens = [...new Parser(this.#lines.addNewLine).parse(text)];
    if (depthOf(tokens) > DEPTH_MAX) {
      throw new BadInput({ file, message: `is nested more than ${DEPTH_MAX} levels deep` });
    }
    const composer = new Composer(YAML_OPTIONS);
    const documents = [...composer.compose(tokens, true, text.length)];
    this.#document = documents[0] as Document.Parsed;
    const fatal = this.#collect(documents[1]);
    if (fatal.length > 0) throw new BadInput(fatal);
    this.value = this.#document.contents === null ? undefined : this.#toPlain();
  }

  /** Puts the harmless faults aside and returns the fatal ones, one a line. */
  #collect(second: Document | undefined): InputFault[] {
    const fatal = new Map<number, InputFault>();
    for (const error of [...this.#document.errors, ...this.#document.warnings]) {
      if (error.code === "DUPLICATE_KEY") continue;
      const fault = this.#faultAt(this.#startOf(error), wording(error));
      if (error.code === "TAG_RESOLVE_FAILED") this.faults.push(fault);
      else if (!fatal.has(fault.line!)) fatal.set(fault.line!, fault);
    }
    if (second !== undefined) {
      const message = "a second YAML document begins here; expected one";
      const fault = this.#faultAt(second.range?.[0] ?? 0, message);
      fatal.set(fault.line!, fault);
    }
    this.#collectNodeFaults(fatal);
    return [...fatal.values()].sort((a, b) => a.line! - b.line!);
  }

  #collectNodeFaults(fatal: Map<number, InputFault>): void {
    let aliases = 0;
    visit(this.#document, {
      Alias: (_, alias) => {
        if (++aliases > ALIASES_MAX) {
          const message = `has more than ${ALIASES_MAX} aliases (*name)`;
          throw new BadInput({ file: this.file, message });
        }
        if (alias.resolve(this.#document) !== undefined) return;
        const name = printable(alias.source);
        const message = `*${name} stands for nothing: no &${name} before it`;
        const fault = this.#faultAt(alias.range?.[0] ?? 0, message);
        fatal.set(fault.line!, fault);
      },
      Map: (_, map) => {
        const seen = new Map<string, Node>();
        for (const { key } of map.items as Pair<Node>[]) {
          const name = keyText(key);
          if (name === undefined) continue;
          const first = seen.get(name);
          if (first === undefined) seen.set(name, key);
          else this.faults.push(this.#duplicate(name, key, first));
        }
      },
    });
  }

  #duplicate(name: string, key: Node, first: Node): InputFault {
    const { line } = this.#placeAt(first.range![0]);
    return this.#faultAt(
      key.range![0],
      `the key ${quoted(name)} stands twice (first in line ${line})`,
    );
  }

  /** Where to point for an error: what is not closed is shown where it begins. */
  #startOf({ message, pos: [end] }: YAMLError): number {
    let start = end;
    const beginning = (node: Node) => {
      if (node.range != null && node.range[0] < end && node.range[1] >= end) start = node.range[0];
    };
    if (message.startsWith("Missing closing")) {
      visit(this.#document, { Scalar: (_, scalar) => beginning(scalar) });
    } else if (message.startsWith("Flow sequence")) {
      visit(this.#document, {
        Seq: (_, list) => (list.flow === true ? beginning(list) : undefined),
      });
    } else if (message.startsWith("Flow map")) {
      visit(this.#document, { Map: (_, map) => (map.flow === true ? beginning(map) : undefined) });
    }
    return start;
  }

  #toPlain(): unknown {
    try {
      return this.#document.toJS({ maxAliasCount: ALIASES_MAX });
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error;
      const message = "aliases (*name) make the content too large; write it out";
      throw new BadInput({ file: this.file, message });
    }
  }

  #placeAt(offset: number): LinePlace {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  #faultAt(offset: number, message: string): InputFault {
    return { file: this.file, ...this.#placeAt(offset), message };
  }

  /**
   * Where a field stands: its value, or its key when asked for or when it has no value. A field that
   * is not in the file is shown at the innermost mapping or list that is.
   */
  place(path: FieldPath, part: "value" | "key" = "value"): LinePlace {
    let node: Node | null | undefined = this.#document.contents;
    let key: Node | undefined;
    for (const segment of path) {
      if (isAlias(node)) node = node.resolve(this.#document);
      let child: Node | null | undefined;
      if (isMap(node)) {
        const pair = findPair(node.items, String(segment));
        if (pair === undefined) break;
        key = pair.key as Node;
        child = pair.value as Node | null;
      } else if (isSeq(node) && typeof segment === "number" && segment < node.items.length) {
        key = undefined;
        child = node.items[segment] as Node | null;
      } else {
        break;
      }
      node = child;
    }
    const empty = node == null || (isScalar(node) && node.value === null);
    const shown = (part === "key" || empty) && key !== undefined ? key : node;
    return this.#placeAt(shown?.range?.[0] ?? 0);
  }
}
