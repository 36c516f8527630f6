import { BadInput, type InputFault } from "../../failure/failure.js";
import { STANDARD_INPUT } from "../text-source.js";
import { quoted } from "../traces/printable.js";
import {
  ADDED_ITEMS,
  itemIndex,
  type LayeredContent,
  type LayerSource,
} from "./layered-content.js";
import { valueAt } from "./schema-faults.js";
import { fieldText } from "./wording.js";
import { YamlDocument } from "./yaml-document.js";

const EXPECTED = "expected path=value, such as nodes.count=50 or pools.default.blockSize=28";

/** A piece of a path: in quotes, in brackets, or up to the next dot. */
const PIECE = /^(?:"(?<quoted>[^"]*)"|\[(?<index>[^\]]*)\]|(?<plain>[^."[\]=]+))/;

/** The pieces of the path, and the text behind the `=`; undefined when it is no such thing. */
function split(text: string): { pieces: string[]; value: string } | undefined {
  const pieces: string[] = [];
  let rest = text;
  while (!rest.startsWith("=")) {
    if (pieces.length > 0 && rest.startsWith(".")) rest = rest.slice(1);
    const match = PIECE.exec(rest);
    if (match === null) return undefined;
    pieces.push((match[1] ?? match[2] ?? match[3])!.trim());
    rest = rest.slice(match[0].length);
  }
  return pieces.length === 0 ? undefined : { pieces, value: rest.slice(1) };
}

function childOf(value: unknown, key: string): unknown {
  if (!Array.isArray(value)) return valueAt(value, [key]);
  const index = itemIndex(value, key);
  return index < 0 ? undefined : (value[index] as unknown);
}

/** Puts together again the pieces of names with dots, as far as the content has such names. */
function joinNames(content: unknown, pieces: readonly string[]): string[] {
  const keys: string[] = [];
  let value = content;
  for (let start = 0; start < pieces.length; ) {
    let end = pieces.length;
    const nameTo = () => pieces.slice(start, end).join(".");
    while (end > start + 1 && childOf(value, nameTo()) === undefined) end--;
    keys.push(nameTo());
    value = childOf(value, nameTo());
    start = end;
  }
  return keys;
}

/**
 * Lays `path=value` of an option `--set` over a scenario. The path leads through keys, and through
 * lists by the name or number of an item (`pools.default.blockSize`, `workload[0].rate`); the
 * value is read as YAML; `null` takes the field away; `thresholds.+` adds to a list.
 *
 * @throws BadInput when the text is no such thing, or the path leads to no item of a list.
 */
export function applySet(content: LayeredContent, text: string): LayeredContent {
  const file = `--set ${quoted(text).slice(1, -1)}`;
  const parts = split(text);
  if (parts === undefined) throw new BadInput({ file, message: EXPECTED });
  const source: LayerSource = { file, place: () => undefined, pathFrom: (path) => path };
  const keys = joinNames(content.value, parts.pieces);
  let layer = readValue(file, parts.value);
  for (const key of keys.toReversed()) {
    layer = { [key]: key === ADDED_ITEMS ? [layer] : layer };
  }
  const { content: merged, findings } = content.under(source, layer);
  const faults = findings.map(({ path, message }): InputFault => {
    return { file, field: fieldText(path.slice(0, -1)), message };
  });
  if (faults.length > 0) throw new BadInput(faults);
  return merged;
}

function readValue(file: string, text: string): unknown {
  // Alone it would be a list of nothing in YAML; as a path it is standard input.
  if (text.trim() === STANDARD_INPUT) return STANDARD_INPUT;
  try {
    const document = new YamlDocument(file, text);
    if (document.faults.length > 0) throw new BadInput(document.faults);
    return document.value ?? null;
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    throw new BadInput(error.faults.map(({ message }) => ({ file, message })));
  }
}
