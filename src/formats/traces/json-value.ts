type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The text at this place of a value, if there is one. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  let found = value;
  for (const key of path)
    found = isObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  return typeof found === "string" ? found : undefined;
}
