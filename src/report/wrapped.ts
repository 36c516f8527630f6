/** Columns that the names at the left take. */
const LABEL_WIDTH = 16;

/** A label and a text in lines of at most this width, broken between words. */
export function wrapped(label: string, text: string, width: number): string[] {
  const lines: string[] = [];
  let line = label.padEnd(LABEL_WIDTH - 1);
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > width && line.trim() !== "") {
      lines.push(line);
      line = " ".repeat(LABEL_WIDTH - 1);
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
