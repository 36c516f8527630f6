/** Random cases per release behind the tables of docs/leaks.md, and the seed they start from. */
export const DOCUMENTED_CASES = 5_000;
export const DOCUMENTED_SEED = "1";

const BEGIN = "<!-- measured: begin -->\n";
const END = "\n<!-- measured: end -->";

/** The part of the document that is measured. */
export function documentedPart(document: string): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error("the document has no measured part");
  return document.slice(begin + BEGIN.length, end);
}
