import { Field, FieldFault } from "./field-reader.js";

/** An object of a dump, and how messages call it. */
export interface FoundObject {
  readonly object: Field;
  /** `IPAMBlock 10-0-0-0-26`, or its position where it has no kind or name. */
  readonly label: string;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function label(object: Field, position: string): string {
  const record = object.record();
  const metadata = record["metadata"] as Record<string, unknown> | null | undefined;
  const name = textOf(metadata?.["name"]);
  const namespace = textOf(metadata?.["namespace"]);
  const kind = textOf(record["kind"]);
  if (kind === "" || name === "") return position;
  return `${kind} ${namespace === "" ? "" : `${namespace}/`}${name}`;
}

/**
 * The objects of the documents, with lists opened. Items of a `PodList` need not tell their kind; it
 * follows from the list's. What is no object comes as the fault that it is.
 *
 * @param mention is told the kind of each typed list, also of an empty one.
 */
export function* listObjects(
  documents: readonly unknown[],
  mention: (kind: string) => void,
): Generator<FoundObject | FieldFault> {
  for (const [index, value] of documents.entries()) {
    const position = documents.length === 1 ? "" : `document ${index + 1}`;
    yield* openList(new Field(value, ""), position, mention);
  }
}

function* openList(
  object: Field,
  position: string,
  mention: (kind: string) => void,
): Generator<FoundObject | FieldFault> {
  try {
    const kind = textOf(object.record()["kind"]);
    if (!kind.endsWith("List")) {
      yield { object, label: label(object, position) };
      return;
    }
    const itemKind = kind.slice(0, -"List".length);
    if (itemKind !== "") mention(itemKind);
    const apiVersion = object.record()["apiVersion"];
    for (const [i, item] of object.member("items").list().entries()) {
      const place = `${position === "" ? "" : `${position}: `}items[${i}]`;
      const filled =
        itemKind === "" ? item.record() : { apiVersion, kind: itemKind, ...item.record() };
      const field = new Field(filled, "");
      yield { object: field, label: label(field, place) };
    }
  } catch (error) {
    if (!(error instanceof FieldFault)) throw error;
    const place = [position, error.field].filter((part) => part !== "").join(": ");
    yield new FieldFault(place, error.fault);
  }
}
