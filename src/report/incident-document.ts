import {
  fixedVerdict,
  type IncidentReport,
  incidentVerdict,
  type ScenarioOutcome,
  type ScenarioOutcomes,
  type Verdict,
} from "../analysis/incident-report.js";
import { measuredText } from "./measured-text.js";
import { formatTable } from "./table.js";

const SIGNS: Readonly<Record<Verdict, string>> = {
  reproduced: "●",
  "not seen": "·",
  cured: "✓",
  "not cured": "✗",
};

interface Row {
  readonly name: string;
  readonly signs: readonly string[];
}

function rowOf(
  { name, outcomes }: ScenarioOutcomes,
  verdict: (outcome: ScenarioOutcome) => Verdict,
): Row {
  return { name, signs: outcomes.map((outcome) => SIGNS[verdict(outcome)]) };
}

function rowsOf(reports: readonly IncidentReport[]): Row[] {
  return reports.flatMap(({ incident, fixed }) => [
    rowOf(incident, incidentVerdict),
    ...(fixed === undefined ? [] : [rowOf(fixed, fixedVerdict)]),
  ]);
}

/** The matrix for a terminal. */
export function incidentTable(
  reports: readonly IncidentReport[],
  releases: readonly string[],
  color: boolean,
): string {
  const columns = ["scenario", ...releases].map((title) => ({ title }));
  const rows = rowsOf(reports).map(({ name, signs }) => [name, ...signs]);
  return (
    `${formatTable(columns, rows, { color })}\n` +
    `${SIGNS.reproduced} reproduced  ${SIGNS["not seen"]} not seen; ` +
    `of the counterparts: ${SIGNS.cured} cured  ${SIGNS["not cured"]} not cured\n` +
    "One cell again: ipamlab simulate SCENARIO --release RELEASE\n"
  );
}

/** Text in a cell or a sentence of Markdown. */
function escaped(text: string): string {
  return text.replace(/[\\|*_<>]/g, "\\$&");
}

function linked(text: string): string {
  return escaped(text).replace(/https:\/\/[^\s,;()]+/g, (address) => `<${address}>`);
}

function* thresholdLines({ thresholds }: ScenarioOutcome): Generator<string> {
  for (const { check, value, unit, passed } of thresholds) {
    const isText = typeof value === "string";
    const seen = isText ? "" : `: ${measuredText(value, unit)}`;
    yield `  - \`${check}\`${seen}${passed ? "" : " (**does not hold**)"}`;
  }
}

function* section({ incident, fixed }: IncidentReport): Generator<string> {
  const { header, name, release, model } = incident;
  yield `### ${name}`;
  yield "";
  yield `**${escaped(header.title ?? name)}.** ${escaped(header.story ?? "")}`;
  yield "";
  yield `- Source: ${linked(header.source ?? "none")}`;
  yield `- What was reported: ${escaped(header.reported ?? "not told")}`;
  yield `- What ipamlab saw on ${release} (model: ${model}), \`ipamlab simulate ${name}\`:`;
  yield* thresholdLines(incident.own);
  yield `- Look for: ${escaped(header.lookFor ?? "")}`;
  yield `- Cure: ${escaped(header.cure ?? "none is known")}`;
  if (fixed !== undefined) {
    const on = fixed.release === release ? "" : ` on ${fixed.release}`;
    yield `- Cured${on}, \`ipamlab simulate ${fixed.name}\`:`;
    yield* thresholdLines(fixed.own);
  }
  yield "";
}

/** The measured part of `docs/incidents.md`: the matrix, and what each incident came to. */
export function incidentDocument(
  reports: readonly IncidentReport[],
  releases: readonly string[],
): string {
  const lines = [
    `| scenario | ${releases.join(" | ")} |`,
    `| --- |${" :-: |".repeat(releases.length)}`,
    ...rowsOf(reports).map(({ name, signs }) => `| ${name} | ${signs.join(" | ")} |`),
    "",
    `${SIGNS.reproduced} reproduced, ${SIGNS["not seen"]} not seen; of the counterparts: ` +
      `${SIGNS.cured} cured, ${SIGNS["not cured"]} not cured.`,
    "",
    "## The incidents",
    "",
    ...reports.flatMap((report) => [...section(report)]),
  ];
  return lines.join("\n").trimEnd();
}
