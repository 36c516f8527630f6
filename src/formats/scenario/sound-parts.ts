import type * as z from "zod";
import { valueAt } from "./schema-faults.js";
import type { FieldPath } from "./yaml-document.js";

/**
 * Parts of a scenario's content that are sound in themselves. Rules across fields look at these, so
 * that they also speak when another part of the file is wrong.
 */

/** The list at this place; empty when there is none. */
export function listAt(content: unknown, path: FieldPath): readonly unknown[] {
  const value = valueAt(content, path);
  return Array.isArray(value) ? value : [];
}

/** The items of a list that a schema finds sound, each with its number. */
export function soundItems<Schema extends z.ZodType>(
  content: unknown,
  path: FieldPath,
  schema: Schema,
): [number, z.output<Schema>][] {
  return listAt(content, path).flatMap((item, index): [number, z.output<Schema>][] => {
    const checked = schema.safeParse(item);
    return checked.success ? [[index, checked.data]] : [];
  });
}

/** The names of a list's items; undefined when one has none. */
export function namesAt(content: unknown, path: FieldPath): string[] | undefined {
  const names = listAt(content, path).map((item) => valueAt(item, ["name"]));
  const texts = names.filter((name) => typeof name === "string");
  return texts.length === names.length ? texts : undefined;
}
