import type { GateReport } from "../analysis/gate/gate-check.js";
import { checkText } from "./gate-text.js";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
  "\r": "&#13;",
  "\t": "&#9;",
};

/** Text of an attribute. Characters that XML 1.0 has no way to write are left out. */
function attribute(text: string): string {
  return text
    .replace(/(?![\n\r\t])\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu, "")
    .replace(/[&<>"\n\r\t]/g, (character) => ENTITIES[character]!);
}

/** The gate's answer as JUnit XML: a suite for each scenario, a case for each check. */
export function junitXml(reports: readonly GateReport[]): string {
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites name="ipamlab gate">'];
  for (const report of reports) {
    const { scenario, release, checks } = report;
    const suite = attribute(`${scenario} (Calico ${release})`);
    const failures = checks.filter(({ passed }) => !passed).length;
    lines.push(`  <testsuite name="${suite}" tests="${checks.length}" failures="${failures}">`);
    for (const check of checks) {
      const head = `    <testcase classname="${suite}" name="${attribute(check.name)}"`;
      if (check.passed) {
        lines.push(`${head}/>`);
        continue;
      }
      const message = attribute(checkText(check));
      lines.push(
        `${head}>`,
        `      <failure type="${check.kind}" message="${message}"/>`,
        "    </testcase>",
      );
    }
    lines.push("  </testsuite>");
  }
  return `${[...lines, "</testsuites>"].join("\n")}\n`;
}
