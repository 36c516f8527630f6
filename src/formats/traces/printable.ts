const TEXT_SHOWN_MAX = 60;

/** The text with every control character written out, so that a message stays on its line. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (control) => {
    return `\\u${control.codePointAt(0)!.toString(16).padStart(4, "0")}`;
  });
}

/** A text of the user's in quotes, cut when it is long. */
export function quoted(text: string): string {
  const shown = text.length > TEXT_SHOWN_MAX ? `${text.slice(0, TEXT_SHOWN_MAX)}…` : text;
  return printable(JSON.stringify(shown));
}
