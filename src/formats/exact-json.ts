/** What JSON can say, with integers beyond 2^53 as bigint. Members that are undefined are left out. */
export type ExactJson =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | readonly ExactJson[]
  | { readonly [key: string]: ExactJson };

/**
 * JSON text that keeps every digit of a bigint, which `JSON.stringify` refuses. The layout is that of
 * Go's `json.MarshalIndent` with two blanks, or one line without blanks.
 *
 * @param quote writes a text; `JSON.stringify` when absent.
 */
export function exactJson(
  value: ExactJson,
  layout: "lines" | "compact",
  quote: (text: string) => string = JSON.stringify,
): string {
  const colon = layout === "lines" ? ": " : ":";
  const encode = (item: ExactJson, indent: string): string => {
    if (typeof item === "string") return quote(item);
    if (item === null || typeof item !== "object") return String(item);
    const inner = layout === "lines" ? `${indent}  ` : "";
    const isList = Array.isArray(item);
    const parts = isList
      ? (item as readonly ExactJson[]).map((entry) => encode(entry, inner))
      : Object.entries(item)
          .filter(([, entry]) => entry !== undefined)
          .map(([key, entry]) => `${quote(key)}${colon}${encode(entry, inner)}`);
    const [open, close] = isList ? ["[", "]"] : ["{", "}"];
    if (parts.length === 0) return open + close;
    if (layout === "compact") return `${open}${parts.join(",")}${close}`;
    return `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${indent}${close}`;
  };
  return encode(value, "");
}
