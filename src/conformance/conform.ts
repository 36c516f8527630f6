import { basename } from "node:path";
import { BadInput } from "../failure/failure.js";
import { FieldReader, UnreadableField } from "../formats/golden/field-reader.js";
import { readJsonLines } from "../formats/golden/json-lines.js";
import {
  isJsonObject,
  type Json,
  type JsonObject,
  readTraceLine,
} from "../formats/golden/trace-line.js";
import type { TextSourceOptions } from "../formats/text-source.js";
import {
  DEFAULT_RELEASE,
  findProfile,
  type ReleaseProfile,
  unknownReleaseText,
} from "../releases/profiles.js";
import { compareBlockStarts } from "./block-starts.js";
import { compareRateLimit } from "./client-rate-limit.js";
import { compareBurst } from "./cni-burst.js";
import { CniSequenceReplay } from "./cni-sequence.js";
import type { Difference } from "./difference.js";
import { EventReplay } from "./event-trace.js";
import { OperationReplay } from "./operation-trace.js";
import { type ConformReport, ConformTally, type TraceKind } from "./report.js";

export interface ConformOptions extends TextSourceOptions {
  /** Profile to replay; the release of the file's header when absent. */
  readonly release?: ReleaseProfile | undefined;
}

type PerformLine = (line: number, row: JsonObject) => Difference | undefined;

interface OpenedTrace {
  readonly kind: TraceKind;
  readonly name: string;
  readonly recordedRelease: string;
  readonly profile: ReleaseProfile;
  readonly perform: PerformLine;
}

function profileFor(release: string, options: ConformOptions): ReleaseProfile {
  const profile = options.release ?? findProfile(release);
  if (profile === undefined) throw new UnreadableField(unknownReleaseText(release));
  return profile;
}

/** Files of recorded processes do not say their release but in their names. */
const NAMED_RELEASE = /\.(v\d+\.\d+\.\d+)\.json(\.gz)?$/;

function nameOf(file: string): string {
  return basename(file).replace(NAMED_RELEASE, "");
}

/** A recorded burst of plugin processes: one JSON object. */
function openBurst(file: string, burst: JsonObject, options: ConformOptions, tally: ConformTally) {
  const recordedRelease = new FieldReader(burst).text("calico");
  const profile = profileFor(recordedRelease, options);
  return {
    kind: "plugin-burst",
    name: nameOf(file),
    recordedRelease,
    profile,
    perform: (_line: number, row: JsonObject) => compareBurst(profile.behaviours, row, tally),
  } satisfies OpenedTrace;
}

/** A list of what processes did: calls of the plugin, or clients held to their limit. */
function openRows(
  file: string,
  rows: readonly Json[],
  options: ConformOptions,
  tally: ConformTally,
): OpenedTrace {
  const recordedRelease = NAMED_RELEASE.exec(file)?.[1] ?? "";
  if (recordedRelease === "" && options.release === undefined) {
    const place = "in the file's name (NAME.v3.28.4.json) or by --release";
    throw new UnreadableField(`expected the recorded release ${place}`);
  }
  const profile = profileFor(recordedRelease, options);
  const { behaviours } = profile;
  const isOfPlugin = rows.some((row) => isJsonObject(row) && "cmd" in row);
  const sequence = new CniSequenceReplay(behaviours, tally);
  const performRow: PerformLine = (line, row) =>
    isOfPlugin ? sequence.perform(line, row) : compareRateLimit(line, behaviours, row, tally);
  return {
    kind: isOfPlugin ? "plugin-calls" : "client-limits",
    name: nameOf(file),
    recordedRelease,
    profile,
    perform(line) {
      for (const row of rows) {
        if (!isJsonObject(row)) throw new UnreadableField("expected a list of JSON objects");
        const difference = performRow(line, row);
        if (difference !== undefined) return difference;
      }
      return undefined;
    },
  };
}

/** Recognises a recording by its first line. */
function open(
  file: string,
  first: Json,
  options: ConformOptions,
  tally: ConformTally,
): OpenedTrace {
  if (Array.isArray(first)) return openRows(file, first, options, tally);
  if (isJsonObject(first) && "requestDelayMs" in first) {
    return openBurst(file, first, options, tally);
  }
  if (!isJsonObject(first)) throw new UnreadableField("expected a JSON object");
  if ("firstBlocks" in first) {
    const profile = options.release ?? profileFor(DEFAULT_RELEASE, options);
    const perform: PerformLine = (line, row) => compareBlockStarts(line, row, tally);
    return { kind: "block-starts", name: "block-starts", recordedRelease: "", profile, perform };
  }
  const { calico, name, pools } = first;
  if (typeof calico === "string" && pools !== undefined) {
    const profile = profileFor(calico, options);
    const replay = new EventReplay(profile.behaviours, first, tally);
    let isHeader = true;
    const perform: PerformLine = (line, row) => {
      if (!isHeader) return replay.perform(line, row);
      isHeader = false;
      return undefined;
    };
    const shown = typeof name === "string" ? name : "";
    return { kind: "events", name: shown, recordedRelease: calico, profile, perform };
  }
  const header = readTraceLine(first);
  if (typeof header === "string") throw new UnreadableField(header);
  if (header.kind !== "header") {
    throw new UnreadableField('expected a first line with "header", "pools" or "firstBlocks"');
  }
  const profile = profileFor(header.release, options);
  const replay = new OperationReplay(profile.behaviours, tally);
  const perform: PerformLine = (line, row) => {
    const content = readTraceLine(row);
    if (typeof content === "string") throw new UnreadableField(content);
    return replay.perform(line, content);
  };
  return {
    kind: "operations",
    name: header.name,
    recordedRelease: header.release,
    profile,
    perform,
  };
}

/**
 * Replays one recording up to its end or to the first difference.
 *
 * @throws BadInput with file and line when the file is not a recording that ipamlab can read.
 */
export async function conform(file: string, options: ConformOptions = {}): Promise<ConformReport> {
  const tally = new ConformTally();
  let trace: OpenedTrace | undefined;
  let difference: Difference | undefined;
  for await (const { line, value } of readJsonLines(file, options)) {
    try {
      trace ??= open(file, value, options, tally);
      // A document is one value; what it lists is known since it was opened.
      if (!isJsonObject(value) && !Array.isArray(value)) {
        throw new UnreadableField("expected a JSON object");
      }
      difference = trace.perform(line, isJsonObject(value) ? value : {});
    } catch (error) {
      if (error instanceof UnreadableField)
        throw new BadInput({ file, line, message: error.message });
      throw error;
    }
    if (difference !== undefined) break;
  }
  if (trace === undefined) throw new BadInput({ file, message: "is empty; expected a recording" });
  return {
    file,
    kind: trace.kind,
    name: trace.name,
    recordedRelease: trace.recordedRelease,
    release: trace.profile.name,
    operations: tally.operations,
    calls: tally.calls,
    snapshots: tally.snapshots,
    difference: difference ?? null,
  };
}
