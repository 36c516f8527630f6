const NUMBER = /^-?(?:\d{1,3}(?:,\d{3})*|\d+)(?:\.\d+)?$/;

/** Characters that a text takes. */
function widthOf(text: string): number {
  return Array.from(text).length;
}

function centred(text: string, width: number): string {
  const gap = width - widthOf(text);
  const left = Math.floor(gap / 2);
  return " ".repeat(left) + text + " ".repeat(gap - left);
}

function aligned(text: string, width: number): string {
  const padding = " ".repeat(width - widthOf(text));
  return NUMBER.test(text) ? padding + text : text + padding;
}

/**
 * A table as calicoctl up to v3.32 draws it: ruled with `+---+`, titles centred, plain numbers to the
 * right and all else to the left (the defaults of github.com/olekukonko/tablewriter v0.0.5; cells of
 * several words, which it breaks at 30 characters, do not occur).
 */
export function formatRuledTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = titles.map((title, column) =>
    rows.reduce((width, row) => Math.max(width, widthOf(row[column]!)), widthOf(title)),
  );
  const rule = `+${widths.map((width) => "-".repeat(width + 2)).join("+")}+\n`;
  const line = (cells: readonly string[], place: typeof aligned) =>
    `| ${cells.map((cell, column) => place(cell, widths[column]!)).join(" | ")} |\n`;
  const body = rows.map((row) => line(row, aligned)).join("");
  return rule + line(titles, centred) + rule + body + rule;
}
