import { formatCount } from "./format-number.js";

/** Eighths of a character cell, from empty to full. */
const EIGHTHS = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** The highest value of each of `width` equal shares of the values. */
function resample(values: readonly number[], width: number): number[] {
  return Array.from({ length: width }, (_, column) => {
    const from = Math.floor((column * values.length) / width);
    const to = Math.max(from + 1, Math.floor(((column + 1) * values.length) / width));
    return values.slice(from, to).reduce((a, b) => Math.max(a, b), 0);
  });
}

/**
 * A filled curve of characters, its highest value at the top left, 0 at the bottom. No line ends in
 * blanks.
 *
 * @param width columns of the curve, without the figures at its left.
 */
export function textPlot(values: readonly number[], width: number, height: number): string[] {
  const columns = resample(values, width);
  const top = columns.reduce((a, b) => Math.max(a, b), 1);
  const label = formatCount(top);
  const lines: string[] = [];
  for (let row = height - 1; row >= 0; row--) {
    const cells = columns.map((value) => {
      const eighths = Math.round((value / top) * height * 8) - row * 8;
      const shown = value > 0 && row === 0 ? Math.max(1, eighths) : eighths;
      return EIGHTHS[Math.max(0, Math.min(8, shown))]!;
    });
    const figure = row === height - 1 ? label : row === 0 ? "0" : "";
    lines.push(`${figure.padStart(label.length)} │${cells.join("")}`.trimEnd());
  }
  return lines;
}
