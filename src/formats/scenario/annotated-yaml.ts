import { Document, isMap, isNode, isPair, isScalar, isSeq } from "yaml";
import type { FieldPath } from "./yaml-document.js";

/** A remark to stand with a field. */
export interface Remark {
  readonly path: FieldPath;
  readonly text: string;
}

/** Lists of mappings whose elements take a line each. */
const ONE_LINE_LISTS = ["nodes.list"];

const LINE_WIDTH = 100;

function lines(text: string): string {
  return text
    .split("\n")
    .map((line) => ` ${line}`)
    .join("\n");
}

function place(document: Document, { path, text }: Remark): void {
  const node = document.getIn(path, true);
  if (isScalar(node)) {
    node.comment = lines(text);
    return;
  }
  const parent = document.getIn(path.slice(0, -1), true);
  const pair = isMap(parent)
    ? parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1))
    : undefined;
  const target = isPair(pair) && isNode(pair.key) ? pair.key : node;
  if (isNode(target)) target.commentBefore = lines(text);
}

/**
 * A scenario as YAML, with remarks: behind a value of one line, else above the field.
 *
 * @param head stands above everything.
 */
export function annotatedYaml(content: object, head: string, remarks: readonly Remark[]): string {
  const document = new Document(content, { aliasDuplicateObjects: false });
  for (const list of ONE_LINE_LISTS) {
    const node = document.getIn(list.split("."), true);
    if (!isSeq(node)) continue;
    for (const item of node.items) if (isMap(item)) item.flow = true;
  }
  for (const remark of remarks) place(document, remark);
  document.commentBefore = lines(head);
  return document.toString({ lineWidth: LINE_WIDTH, flowCollectionPadding: true });
}
