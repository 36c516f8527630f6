import { type GateCheck, type GateReport, hasPassed } from "../analysis/gate/gate-check.js";
import { formatCount } from "./format-number.js";
import { measuredText } from "./measured-text.js";
import { printableText } from "./printable-text.js";
import { formatTable } from "./table.js";
import { wrapped } from "./wrapped.js";

const CALLS_TITLE = "datastore calls, one by one";

const titleOf = ({ kind, name }: GateCheck) => (kind === "calls" ? CALLS_TITLE : name);

/** What is said of a check in a line. */
export function checkText(check: GateCheck): string {
  const { kind, detail, before, after, unit } = check;
  const title = printableText(titleOf(check));
  switch (kind) {
    case "metric":
      return `${title}: ${measuredText(before, unit)} → ${measuredText(after, unit)} (${detail})`;
    case "threshold":
      return `${title}: ${detail} (${measuredText(after, unit)})`;
    case "calls":
    case "throughput":
      return `${title}: ${detail}`;
  }
}

function rowOf(check: GateCheck): string[] {
  const { kind, before, after, unit, passed, detail } = check;
  const isFigure = kind === "metric";
  return [
    passed ? "ok" : "FAILED",
    titleOf(check),
    isFigure ? measuredText(before, unit) : "",
    kind === "metric" || kind === "threshold" ? measuredText(after, unit) : "",
    detail,
  ];
}

/** Checks worth a line: all but the metrics that are as they were. */
function shownOf({ checks }: GateReport): GateCheck[] {
  return checks.filter(({ detail }) => detail !== "");
}

const sameCount = (report: GateReport) => report.checks.length - shownOf(report).length;

const scenarios = (count: number) =>
  `${formatCount(count)} ${count === 1 ? "scenario" : "scenarios"}`;

/** The gate's answer for a terminal. */
export function gateText(
  reports: readonly GateReport[],
  style: { readonly color: boolean; readonly width: number },
): string {
  const columns = [
    { title: "" },
    { title: "check" },
    { title: "baseline", align: "right" as const },
    { title: "now", align: "right" as const },
    { title: "what" },
  ];
  const lines: string[] = [];
  for (const report of reports) {
    const { scenario, release, seed } = report;
    lines.push(
      `${printableText(scenario)}  ·  Calico ${release}  ·  seed ${printableText(seed)}`,
      formatTable(columns, shownOf(report).map(rowOf), { color: style.color }).trimEnd(),
      `${formatCount(sameCount(report))} metrics are exactly as in the baseline`,
      "",
    );
  }
  const failed = reports.filter((report) => !hasPassed(report)).length;
  lines.push(
    failed === 0
      ? `gate            PASSED: ${scenarios(reports.length)} as in the baseline`
      : `gate            FAILED: ${formatCount(failed)} of ${scenarios(reports.length)}`,
  );
  if (failed > 0) {
    lines.push('                if a change is meant: ipamlab gate accept --reason "why"');
  }
  const provenances = new Set(reports.map(({ provenance }) => provenance));
  for (const provenance of provenances) lines.push(...wrapped("figures", provenance, style.width));
  return `${lines.join("\n")}\n`;
}

/** Text of a markdown table's cell. */
const cell = (text: string) => printableText(text).replaceAll("|", "\\|");

/** The gate's answer as GitHub's job summary. */
export function gateMarkdown(reports: readonly GateReport[]): string {
  const lines: string[] = [];
  for (const report of reports) {
    const verdict = hasPassed(report) ? "passed" : "**failed**";
    lines.push(
      `### ipamlab gate: ${cell(report.scenario)} on Calico ${report.release}: ${verdict}`,
      "",
      "| | check | baseline | now | what |",
      "| --- | --- | ---: | ---: | --- |",
      ...shownOf(report).map((check) => `| ${rowOf(check).map(cell).join(" | ")} |`),
      "",
      `${sameCount(report)} metrics are exactly as in the baseline. ${cell(report.provenance)}`,
      "",
    );
  }
  return lines.join("\n");
}

/** A value of a workflow command (`docs.github.com/actions`, workflow commands). */
function escaped(text: string, isProperty: boolean): string {
  const data = text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  return isProperty ? data.replaceAll(":", "%3A").replaceAll(",", "%2C") : data;
}

/** One annotation of GitHub for each check that failed, at the baseline's file. */
export function gateAnnotations(reports: readonly GateReport[], baselineFile: string): string {
  return reports
    .flatMap((report) =>
      report.checks
        .filter(({ passed }) => !passed)
        .map((check) => {
          const title = escaped(`ipamlab gate: ${report.scenario}`, true);
          const file = escaped(baselineFile, true);
          return `::error file=${file},title=${title}::${escaped(checkText(check), false)}\n`;
        }),
    )
    .join("");
}
