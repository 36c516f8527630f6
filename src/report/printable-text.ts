/** C0 and C1 control characters, and the marks that reorder or hide text on a terminal. */
// eslint-disable-next-line no-control-regex -- finding control characters is the purpose
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * The text on one line and without characters that a terminal would obey: each becomes `\xNN` or
 * `\uNNNN`. Names in dumps and scenarios come from strangers and must not move the cursor.
 */
export function printableText(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
