import { quoted } from "../traces/printable.js";
import type { FieldPath } from "./yaml-document.js";

/** `a`, `a or b`, `a, b or c`. */
export function orList(items: readonly string[]): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} or ${items.at(-1)}`;
}

/** What a value of the file is, in words. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a mapping";
  return `${value as number}`;
}

/** `pools[0].blockSize`, `nodes.labels["topology.kubernetes.io/zone"]`. */
export function fieldText(path: FieldPath): string {
  let text = "";
  for (const segment of path) {
    if (typeof segment === "number") text += `[${segment}]`;
    else if (!/^[A-Za-z_][\w-]*$/.test(segment)) text += `[${quoted(segment)}]`;
    else text += text === "" ? segment : `.${segment}`;
  }
  return text;
}
