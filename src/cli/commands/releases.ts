import { ExitCode } from "../../failure/exit-code.js";
import { BadInput } from "../../failure/failure.js";
import { BEHAVIOUR_CATALOGUE } from "../../releases/behaviour-catalogue.js";
import {
  findProfile,
  knownReleases,
  type ReleaseProfile,
  unknownReleaseText,
} from "../../releases/profiles.js";
import {
  BEHAVIOUR_NAMES,
  type BehaviourDifference,
  compareProfiles,
  describeValue,
} from "../../releases/comparison.js";
import { defineCommand } from "../command.js";

function profileOf(name: string): ReleaseProfile {
  const profile = findProfile(name);
  if (profile === undefined) {
    throw new BadInput({ file: "releases", message: unknownReleaseText(name) });
  }
  return profile;
}

/** Releases that behave alike, under the name of the first of them. */
interface ReleaseGroup {
  readonly profile: ReleaseProfile;
  readonly names: string[];
}

function groupReleases(): ReleaseGroup[] {
  const groups = new Map<string, ReleaseGroup>();
  for (const name of knownReleases()) {
    const profile = profileOf(name);
    const key = profile.basis + JSON.stringify(profile.behaviours);
    const group = groups.get(key) ?? { profile, names: [] };
    group.names.push(name);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function describeDifference(difference: BehaviourDifference): string {
  return [
    `${difference.name} (${difference.area}): ${difference.meaning}`,
    `  before   ${difference.before}`,
    `  after    ${difference.after}`,
    `  for you  ${difference.effect}`,
    `  source   ${difference.source}`,
    "",
  ].join("\n");
}

const SAME_3_28_4 =
  "No IPAM behaviour differs between v3.28.3 and v3.28.4. How that is known: the one commit between " +
  "them that touches lib/ipam\n(#10196) changes a log line's format; and the real libraries of both " +
  "tags gave identical output, call by call, on every recording.\nThe write-up that speaks of a " +
  "refactoring in v3.28.4 is modelled apart, as pre-3.28.4 and post-3.28.4.\n";

function describeComparison(a: ReleaseProfile, b: ReleaseProfile): string {
  const differences = compareProfiles(a, b);
  const basis =
    a.provenance === b.provenance
      ? `${a.name} and ${b.name} rest on ${a.provenance}\n`
      : [a, b].map((profile) => `${profile.name} rests on ${profile.provenance}\n`).join("");
  if (differences.length === 0) {
    const is3284 = [a.name, b.name].sort().join() === "v3.28.3,v3.28.4";
    const text = is3284 ? SAME_3_28_4 : `${a.name} and ${b.name}: no modelled behaviour differs.\n`;
    return `${text}\n${basis}`;
  }
  const count = `${differences.length} behaviour${differences.length === 1 ? "" : "s"}`;
  return [
    `${a.name} → ${b.name}: ${count} differ${differences.length === 1 ? "s" : ""}\n`,
    ...differences.map(describeDifference),
    basis,
  ].join("\n");
}

function describeGroups(groups: readonly ReleaseGroup[]): string {
  const lines: string[] = [];
  let before: ReleaseProfile | undefined;
  for (const { profile, names } of groups) {
    const isModel = profile.basis === "a write-up";
    lines.push(`${names.join(" ")}${isModel ? "   (models a write-up, not Calico's code)" : ""}`);
    const base = isModel ? profileOf("v3.28.4") : before;
    const against = isModel ? " against v3.28.4" : "";
    if (base !== undefined) {
      const differences = compareProfiles(base, profile);
      for (const { name, before: from, after } of differences) {
        lines.push(`  ${name}${against}: ${from} → ${after}`);
      }
      if (differences.length === 0) lines.push("  as v3.28.4");
    }
    if (!isModel) before = profile;
  }
  return lines.join("\n");
}

function describeCatalogue(): string {
  return BEHAVIOUR_NAMES.map((name) => {
    const record = BEHAVIOUR_CATALOGUE[name];
    const changes = record.changes.map(
      (change) =>
        `  ${change.since.join(", ")}: ${describeValue(change.value)}  [${change.source}]`,
    );
    return [
      `${name} (${record.area}): ${record.meaning}`,
      `  first: ${describeValue(record.first)}  [${record.source}]`,
      ...changes,
    ].join("\n");
  }).join("\n");
}

/** What releases have that is not modelled, so that nobody mistakes silence for sameness. */
const NOT_MODELLED =
  "Not modelled: handle maximum and owner attributes for KubeVirt virtual machines (v3.32.0), " +
  "selector error texts of v3.30.0 and later,\nobjects in projectcalico.org/v3 (v3.32.0).";

export const command = defineCommand({
  command: "releases [a] [b]",
  describe:
    "Show what each Calico release does differently: without names the whole table, with one name " +
    "all its behaviours, with two only what differs and what that means.",
  examples: [
    ["ipamlab releases", "the table of all releases"],
    ["ipamlab releases v3.28.3 v3.32.1", "what differs between two"],
    ["ipamlab releases --json v3.32.1", "one profile as JSON"],
  ],
  builder: (yargs) =>
    yargs
      .positional("a", { describe: "a release, for instance v3.28.4", type: "string" })
      .positional("b", { describe: "another one", type: "string" })
      .option("json", { describe: "write JSON", type: "boolean", default: false }),
  run(args, context) {
    const { a, b, json } = args;
    const write = (text: string, document: unknown) => {
      context.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : text);
      return Promise.resolve(ExitCode.ok);
    };
    if (a === undefined) {
      const groups = groupReleases();
      const text =
        `Releases on one line behave alike; below it, what changed against the line before.\n\n` +
        `${describeGroups(groups)}\n\n${describeCatalogue()}\n\n${NOT_MODELLED}\n`;
      return write(text, { groups, catalogue: BEHAVIOUR_CATALOGUE });
    }
    if (b === undefined) {
      const profile = profileOf(a);
      const values = BEHAVIOUR_NAMES.map(
        (name) => `  ${name}: ${describeValue(profile.behaviours[name])}\n`,
      );
      const text = `${profile.name} rests on ${profile.provenance}\n${values.join("")}`;
      return write(text, profile);
    }
    const [first, second] = [profileOf(a), profileOf(b)];
    return write(describeComparison(first, second), {
      a: first.name,
      b: second.name,
      provenance: { a: first.provenance, b: second.provenance },
      differences: compareProfiles(first, second),
    });
  },
});
