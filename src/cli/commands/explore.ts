import { describePlan } from "../../exploration/cluster.js";
import { describeRound } from "../../exploration/engine.js";
import {
  type BrokenExploration,
  type Exploration,
  replayCommand,
  tryExplore,
} from "../../exploration/explore.js";
import { causesText, formatLeakDocument } from "../../exploration/leak-tables.js";
import { LEAK_KINDS, leakKinds } from "../../exploration/leaks.js";
import { type Survey, survey, surveyedProfiles } from "../../exploration/survey.js";
import { ExitCode } from "../../failure/exit-code.js";
import { BadInput } from "../../failure/failure.js";
import { Cidr } from "../../model/cidr.js";
import {
  DEFAULT_RELEASE,
  findProfile,
  type ReleaseProfile,
  unknownReleaseText,
} from "../../releases/profiles.js";
import { formatTable } from "../../report/table.js";
import { defineCommand } from "../command.js";
import type { CommandContext } from "../command-context.js";
import { integerOption } from "../number-option.js";

function profileOf(name: string): ReleaseProfile {
  const profile = findProfile(name);
  if (profile === undefined) {
    throw new BadInput({ file: "--release", message: unknownReleaseText(name) });
  }
  return profile;
}

function runSeed(profile: ReleaseProfile, seed: string): Exploration | BrokenExploration {
  try {
    return tryExplore(profile, seed);
  } catch (error) {
    if (error instanceof RangeError) throw new BadInput({ file: "--seed", message: error.message });
    throw error;
  }
}

/** Networks as texts; whatever else JSON cannot hold as text too. */
function toJson(value: unknown): string {
  const replace = (_key: string, item: unknown): unknown => {
    if (item instanceof Cidr) return item.text;
    return typeof item === "bigint" ? item.toString() : item;
  };
  return `${JSON.stringify(value, replace, 2)}\n`;
}

function verdict(result: Exploration | BrokenExploration): string[] {
  if ("violation" in result) return [result.violation.message];
  const { leaks } = result;
  return [
    `invariants: ${result.checks} checks, none broken`,
    leaks.length === 0 ? "left behind: nothing" : `left behind: ${leaks.length}`,
    ...leaks.map(({ kind, subject }) => `  ${kind}: ${subject}`),
  ];
}

/** What the explored profile rests on; a model of the write-up must never pass for Calico. */
function provenanceOf(release: string): string {
  return `${release} rests on ${findProfile(release)?.provenance ?? "nothing known"}`;
}

function describeExploration(result: Exploration | BrokenExploration): string {
  const lines = [
    `release ${result.release}, seed ${result.seed}: ${result.rounds.length} rounds, ${result.steps} calls`,
    provenanceOf(result.release),
    "",
    ...describePlan(result.plan),
  ];
  for (const [number, round] of result.rounds.entries()) {
    lines.push("", `round ${number + 1}`, ...describeRound(round));
  }
  if (result.stopped !== undefined) lines.push("", `stopped: ${result.stopped}`);
  return [...lines, "", ...verdict(result), ""].join("\n");
}

function explorationJson(result: Exploration | BrokenExploration): string {
  const provenance = provenanceOf(result.release);
  if (!("violation" in result)) return toJson({ ...result, provenance });
  const { violation, ...story } = result;
  const { invariant, detail } = violation;
  return toJson({ ...story, provenance, violation: { invariant, detail } });
}

/** Runs a survey, with progress, and room for Ctrl-C. */
async function runSurvey(
  profile: ReleaseProfile,
  seed: string,
  cases: number,
  context: CommandContext,
): Promise<Survey> {
  const steps = survey(profile, seed, cases);
  let turnMs = context.now();
  for (let count = 1; ; count++) {
    const next = steps.next();
    if (next.done === true) return next.value;
    if (context.now() - turnMs < 50) continue;
    context.progress.update(() => `${profile.name}: ${count} cases`);
    await context.eventLoopTurn();
    context.signal.throwIfAborted();
    turnMs = context.now();
  }
}

function describeSurvey(result: Survey, color: boolean): string {
  const rows = leakKinds.map((kind) => {
    const found = result.findings[kind];
    const counts = Object.values(found).map((finding) => finding.cases);
    const total = counts.reduce((sum, count) => sum + count, 0);
    return [kind, causesText(found) ?? "not seen", total, LEAK_KINDS[kind]];
  });
  const titles = ["left behind", "by", "cases", "meaning"];
  const columns = titles.map((title) => ({ title }));
  return (
    `release ${result.release}: ${result.systematicCases} systematic and ` +
    `${result.randomCases} random cases, ${result.steps} calls, ${result.checks} checks, ` +
    `${result.broken.length} broken invariants\n` +
    `${provenanceOf(result.release)}\n\n${formatTable(columns, rows, { color })}`
  );
}

function surveyJson(surveys: readonly Survey[]): string {
  return toJson(
    surveys.map(({ broken, ...rest }) => ({
      ...rest,
      provenance: provenanceOf(rest.release),
      broken: broken.map(({ seed, violation: { invariant, detail } }) => ({
        seed,
        invariant,
        detail,
      })),
    })),
  );
}

/** Explores interleavings and faults of IPAM operations, one seed or many. */
export const command = defineCommand({
  command: "explore",
  describe:
    "Let clients of a small cluster run into each other, fail and die, and check what holds.\n" +
    "Without --cases one seed is run and told call by call. Exit code 1 when an invariant breaks.",
  examples: [
    ["ipamlab explore --seed 7", "one random run, call by call"],
    ["ipamlab explore --cases 1000", "every single fault and race, and 1,000 random runs"],
    [
      "ipamlab explore --cases 1000 --all-releases --markdown",
      "what each release can leave behind",
    ],
  ],
  builder: (yargs) =>
    yargs
      .option("release", {
        describe: "Calico release or model to explore",
        type: "string",
        default: DEFAULT_RELEASE,
      })
      .option("seed", {
        describe: "any text; the same text gives the same run",
        type: "string",
        default: "1",
      })
      .option(
        "cases",
        integerOption("cases", {
          describe: "run every systematic case and this many random ones, and sum up",
          min: 0,
        }),
      )
      .option("all-releases", {
        describe: "with --cases: one release of each set of behaviours",
        type: "boolean",
        default: false,
      })
      .option("markdown", {
        describe: "with --cases: write the tables of docs/leaks.md",
        type: "boolean",
        default: false,
      })
      .option("json", { describe: "write JSON", type: "boolean", default: false }),
  async run(args, context) {
    const { release, seed, cases, json, markdown } = args;
    if (json && markdown) {
      throw new BadInput({ file: "--markdown", message: "cannot be joined with --json" });
    }
    if (cases === undefined) {
      if (args.allReleases || markdown) {
        const option = markdown ? "--markdown" : "--all-releases";
        throw new BadInput({ file: option, message: "needs --cases" });
      }
      const result = runSeed(profileOf(release), seed);
      context.stdout.write(json ? explorationJson(result) : describeExploration(result));
      return "violation" in result ? ExitCode.checkFailed : ExitCode.ok;
    }
    const profiles = args.allReleases ? surveyedProfiles() : [profileOf(release)];
    const surveys: Survey[] = [];
    for (const profile of profiles) surveys.push(await runSurvey(profile, seed, cases, context));
    if (json) context.stdout.write(surveyJson(surveys));
    else if (markdown) context.stdout.write(`${formatLeakDocument(surveys)}\n`);
    else {
      const tables = surveys.map((result) => describeSurvey(result, context.color));
      context.stdout.write(tables.join("\n"));
    }
    const broken = surveys.flatMap((result) => result.broken);
    for (const { violation, release: where, seed: which } of broken.slice(0, 10)) {
      context.stderr.write(`ipamlab: ${violation.message}\n`);
      context.stderr.write(`ipamlab: replay with: ${replayCommand(where, which)}\n`);
    }
    return broken.length > 0 ? ExitCode.checkFailed : ExitCode.ok;
  },
});
