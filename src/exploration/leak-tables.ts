import { replayCommand } from "./explore.js";
import { LEAK_KINDS, type LeakKind, leakKinds } from "./leaks.js";
import { type Finding, type Survey, type SurveyCause, surveyCauses } from "./survey.js";
import { describeCase } from "./systematic.js";
import { INVARIANTS } from "./watch.js";

const CAUSE_WORDS: Readonly<Record<SurveyCause, string>> = {
  nothing: "by itself",
  race: "race",
  fault: "fault",
  deadline: "deadline",
  death: "death",
  random: "random",
};

/** What leads to this kind of leak, for a cell of a table; undefined when it was not seen. */
export function causesText(found: Survey["findings"][LeakKind]): string | undefined {
  const systematic = surveyCauses.filter((cause) => cause !== "random" && found[cause]);
  if (systematic.length > 0) return systematic.map((cause) => CAUSE_WORDS[cause]).join(", ");
  return found.random === undefined ? undefined : "random only";
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [row(titles), row(titles.map(() => "---")), ...rows.map(row)];
}

function overview(surveys: readonly Survey[]): string[] {
  const rows = leakKinds.map((kind) => [
    `\`${kind}\``,
    ...surveys.map((survey) => causesText(survey.findings[kind]) ?? "not seen"),
  ]);
  return table(["Left behind", ...surveys.map((survey) => survey.release)], rows);
}

function sizes(surveys: readonly Survey[]): string[] {
  const rows = surveys.map((survey) =>
    [
      survey.release,
      survey.systematicCases,
      survey.randomCases,
      survey.steps,
      survey.checks,
      survey.broken.length,
    ].map(String),
  );
  const titles = ["Release", "Systematic cases", "Random cases", "Calls", "Checks"];
  return table([...titles, "Invariants broken"], rows);
}

/** Which causes to tell of a kind: random runs only where nothing simpler is known. */
function toldCauses(kind: LeakKind, survey: Survey): readonly SurveyCause[] {
  const found = survey.findings[kind];
  const systematic = surveyCauses.filter((cause) => cause !== "random" && found[cause]);
  return systematic.length > 0 ? systematic : found.random === undefined ? [] : ["random"];
}

/** One line for every group of releases in which the same case is the shortest. */
function details(kind: LeakKind, surveys: readonly Survey[]): string[] {
  const groups = new Map<string, { cause: SurveyCause; finding: Finding; releases: string[] }>();
  for (const cause of surveyCauses) {
    for (const survey of surveys) {
      if (!toldCauses(kind, survey).includes(cause)) continue;
      const finding = survey.findings[kind][cause]!;
      const key = `${cause} ${finding.seed}`;
      const group = groups.get(key) ?? { cause, finding, releases: [] };
      group.releases.push(survey.release);
      groups.set(key, group);
    }
  }
  const rows = [...groups.values()].map(({ cause, finding, releases }) => [
    CAUSE_WORDS[cause],
    cause === "random" ? "a random run" : describeCase(finding.seed),
    releases.length === surveys.length ? "all" : releases.join(", "),
    `\`${replayCommand(releases[0]!, finding.seed)}\``,
  ]);
  const head = [`### ${kind}`, "", `${capitalised(LEAK_KINDS[kind])}.`, ""];
  if (rows.length === 0) return [...head, "Not seen in any of the cases above.", ""];
  return [...head, ...table(["By", "Shortest known", "Releases", "Replay"], rows), ""];
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** The measured part of `docs/leaks.md`: invariants, sizes, the table, and the shortest case of each kind. */
export function formatLeakDocument(surveys: readonly Survey[]): string {
  return [
    "Held after every call, in every case:",
    "",
    ...INVARIANTS.map((invariant) => `- ${invariant}`),
    "",
    ...sizes(surveys),
    "",
    ...overview(surveys),
    "",
    ...leakKinds.flatMap((kind) => details(kind, surveys)),
  ].join("\n");
}
