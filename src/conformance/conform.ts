import { BadInput } from "../failure/failure.js";
import { UnreadableField } from "../formats/golden/field-reader.js";
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

/** Recognises a recording by its first line. */
function open(first: Json, options: ConformOptions, tally: ConformTally): OpenedTrace {
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
      trace ??= open(value, options, tally);
      if (!isJsonObject(value)) throw new UnreadableField("expected a JSON object");
      difference = trace.perform(line, value);
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
