import type { Finding, Inspection } from "../inspection/finding.js";
import { formatCount } from "./format-number.js";
import { printableText } from "./printable-text.js";

const ITEMS_SHOWN_MAX = 10;

function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function countItems(findings: readonly Finding[], severity: Finding["severity"]): number {
  const ofSeverity = findings.filter((finding) => finding.severity === severity);
  return ofSeverity.reduce((sum, { items }) => sum + items.length, 0);
}

function headLine({ severity, items, title, kind }: Finding): string {
  return `${severity} ${kind}: ${formatCount(items.length)} ${title}`;
}

function itemLines({ items, knownCauses }: Finding): string[] {
  const lines = items
    .slice(0, ITEMS_SHOWN_MAX)
    .flatMap(({ subject, detail, fix }) => [
      `  ${subject}  ${detail}`,
      ...fix.map((command) => `    $ ${command}`),
    ]);
  if (items.length > ITEMS_SHOWN_MAX) {
    lines.push(`  … and ${formatCount(items.length - ITEMS_SHOWN_MAX)} more (--json lists them)`);
  }
  lines.push(...knownCauses.map((cause) => `  known cause in ${cause}`));
  return lines;
}

/**
 * What was found, kind by kind.
 *
 * @param detail whether each case is listed with the commands that put it right.
 */
export function describeInspection({ findings, notChecked }: Inspection, detail: boolean): string {
  const problems = counted(countItems(findings, "problem"), "problem");
  const notes = counted(countItems(findings, "note"), "note");
  const lines = [`Findings of ipamlab: ${problems}, ${notes}`];
  for (const finding of findings) {
    lines.push(headLine(finding), ...(detail ? itemLines(finding) : []));
  }
  lines.push(...notChecked.map((what) => `not checked: ${what}`));
  return lines.map((line) => `${printableText(line)}\n`).join("");
}
