import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { conform } from "../../conformance/conform.js";
import { type Difference, differingParts, sideBySide } from "../../conformance/difference.js";
import type { ConformReport, TraceKind } from "../../conformance/report.js";
import { ExitCode } from "../../failure/exit-code.js";
import { BadInput } from "../../failure/failure.js";
import type { TraceCall } from "../../formats/golden/trace-line.js";
import { findProfile, type ReleaseProfile, unknownReleaseText } from "../../releases/profiles.js";
import { formatCount } from "../../report/format-number.js";
import { printableText } from "../../report/printable-text.js";
import { formatTable } from "../../report/table.js";
import { defineCommand } from "../command.js";
import type { CommandContext } from "../command-context.js";

const RECORDING_ENDINGS = [".jsonl", ".jsonl.gz", ".json", ".json.gz"];

/** What "no difference" means where durations are compared; everything else must be equal. */
const TOLERANCES: Readonly<Partial<Record<TraceKind, string>>> = {
  "plugin-burst": "within 5 %",
  "client-limits": "within 10 %",
};

const DETAIL_LINES_MAX = 20;
const SUBJECT_LENGTH_MAX = 300;

/** The files themselves, and the recordings below folders in order of path. */
async function expandFolders(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const entry = await stat(path).catch(() => undefined);
    if (entry?.isDirectory() !== true) {
      files.push(path);
      continue;
    }
    const names = await readdir(path, { recursive: true });
    const found = names
      .filter((name) => RECORDING_ENDINGS.some((ending) => name.endsWith(ending)))
      .sort()
      .map((name) => join(path, name));
    if (found.length === 0) {
      throw new BadInput({
        file: path,
        message: "holds no recordings (*.jsonl, *.json, plain or .gz)",
      });
    }
    files.push(...found);
  }
  return files;
}

function asProfile(name: string | undefined): ReleaseProfile | undefined {
  if (name === undefined) return undefined;
  const profile = findProfile(name);
  if (profile === undefined) {
    throw new BadInput({ file: "--release", message: unknownReleaseText(name) });
  }
  return profile;
}

function shorten(text: string): string {
  const printable = printableText(text);
  return printable.length <= SUBJECT_LENGTH_MAX
    ? printable
    : `${printable.slice(0, SUBJECT_LENGTH_MAX)}…`;
}

function describeDifference(file: string, difference: Difference): string {
  const { line, operation, what, subject, expected, actual } = difference;
  const number = operation === undefined ? "" : `operation ${formatCount(operation)}: `;
  const details =
    what === "calls"
      ? sideBySide(expected as readonly TraceCall[], actual as readonly TraceCall[])
      : differingParts(expected, actual);
  const shown = details.slice(0, DETAIL_LINES_MAX).map((text) => `  ${printableText(text)}`);
  if (details.length > DETAIL_LINES_MAX) {
    shown.push(`  … and ${formatCount(details.length - DETAIL_LINES_MAX)} lines more`);
  }
  return [
    `${file}:${line}: ${number}${what} differ${what === "calls" ? "" : "s"}`,
    `  ${shorten(subject)}`,
    ...shown,
    "",
  ].join("\n");
}

function describeReports(reports: readonly ConformReport[], context: CommandContext): string {
  const rows = reports.map((report) => [
    report.difference === null ? (TOLERANCES[report.kind] ?? "identical") : "DIFFERS",
    report.release,
    report.name,
    report.operations,
    report.calls,
    report.snapshots,
  ]);
  const columns = [
    { title: "outcome" },
    { title: "release" },
    { title: "recording" },
    { title: "operations" },
    { title: "calls" },
    { title: "snapshots" },
  ];
  return formatTable(columns, rows, { color: context.color });
}

function describeTotal(reports: readonly ConformReport[]): string {
  const differing = reports.filter((report) => report.difference !== null).length;
  const sum = (count: (report: ConformReport) => number) =>
    formatCount(reports.reduce((total, report) => total + count(report), 0));
  const compared =
    `${sum(({ operations }) => operations)} operations, ` +
    `${sum(({ calls }) => calls)} datastore calls, ` +
    `${sum(({ snapshots }) => snapshots)} snapshots`;
  const verdict =
    differing === 0
      ? `identical: all ${formatCount(reports.length)} recordings`
      : `${formatCount(differing)} of ${formatCount(reports.length)} recordings differ`;
  return `${verdict} (${compared} equal)\n`;
}

export const command = defineCommand({
  command: "conform <file> [more..]",
  describe:
    "Replay recordings of the real Calico library and compare every result, error text and " +
    "datastore call. Reads operation traces, long event replays, block starts, calls and bursts of " +
    "the CNI plugin and client limits, plain or gzip; of a folder, every *.jsonl and *.json below it.",
  examples: [
    ["ipamlab conform test/fixtures/golden", "all recordings below a folder"],
    ["ipamlab conform --release v3.28.3 trace.jsonl.gz", "replay with another release"],
    ["ipamlab conform --json trace.jsonl.gz", "the comparison as JSON"],
  ],
  builder: (yargs) =>
    yargs
      .positional("file", {
        describe: "a recording, or a folder that holds recordings; - is standard input",
        type: "string",
        demandOption: true,
      })
      .positional("more", {
        describe: "more of them",
        type: "string",
        array: true,
        default: [] as readonly string[],
      })
      .option("release", {
        describe: "profile to replay instead of the release in each recording's header",
        type: "string",
      })
      .option("json", {
        describe: "write the comparison as JSON",
        type: "boolean",
        default: false,
      }),
  async run(args, context) {
    const profile = asProfile(args.release);
    const reports: ConformReport[] = [];
    const files = await expandFolders([args.file, ...args.more]);
    for (const [i, file] of files.entries()) {
      if (context.signal.aborted) break;
      context.progress.update(() => `conform ${i + 1}/${files.length} ${file}`);
      reports.push(await conform(file, { release: profile }));
    }
    const differing = reports.filter((report) => report.difference !== null);
    if (args.json) {
      const document = { identical: differing.length === 0, recordings: reports };
      context.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    } else {
      context.stdout.write(describeReports(reports, context));
      for (const { file, difference } of differing) {
        context.stdout.write(`\n${describeDifference(file, difference!)}`);
      }
      context.stdout.write(`\n${describeTotal(reports)}`);
      for (const text of new Set(reports.map((report) => provenanceOf(report.release)))) {
        context.stdout.write(`${text}\n`);
      }
    }
    return differing.length === 0 ? ExitCode.ok : ExitCode.checkFailed;
  },
});

function provenanceOf(release: string): string {
  const profile = findProfile(release);
  return profile === undefined ? release : `${release} rests on ${profile.provenance}`;
}
