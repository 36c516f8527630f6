import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";
import type { Argv } from "yargs";
import { importScenario, type ImportedScenario } from "../../application/import-cluster.js";
import { ExitCode } from "../../failure/exit-code.js";
import { BadInput } from "../../failure/failure.js";
import { anonymised, anonymisedWithRecord } from "../../formats/cluster/anonymise.js";
import { AddressMap } from "../../formats/cluster/anonymise-addresses.js";
import type { ClusterDump } from "../../formats/cluster/cluster-dump.js";
import { type PodRecord, readPodRecord } from "../../formats/cluster/pod-events.js";
import { ALL_FIELDS, kubernetesText } from "../../formats/cluster/write-cluster-dump.js";
import { DURATION_TEXT, parseDuration } from "../../formats/scenario/duration.js";
import { findProfile, unknownReleaseText } from "../../releases/profiles.js";
import { formatCount, formatDurationUs } from "../../report/format-number.js";
import { printableText } from "../../report/printable-text.js";
import { defineCommand } from "../command.js";
import { DUMP_COMMAND, declareDumps, readDumpInput } from "../dump-input.js";
import { writeOutputFile } from "../output-file.js";

const US_PER_SECOND = 1e6;

/** Most estimates that are printed; the file has all. */
const ESTIMATES_SHOWN = 8;

function declareOptions(yargs: Argv) {
  return declareDumps(yargs)
    .option("output", {
      alias: "o",
      describe: "scenario to write; the state is written beside it, as NAME.state.json",
      type: "string",
      demandOption: true,
    })
    .option("duration", {
      describe: "how long the scenario goes on from the dump",
      type: "string",
      default: "24h",
    })
    .option("release", {
      describe:
        "release of Calico to run with; the dump's own (ClusterInformation) when absent, or v3.28.4",
      type: "string",
    })
    .option("events", {
      describe:
        "what happened to pods before the dump: an audit log of the API server, or what kubectl get " +
        "pods -A --watch --output-watch-events -o json printed; rates are then counted",
      type: "string",
    })
    .option("taken-at", {
      describe:
        "when the dump was made, such as 2026-01-05T10:00:00Z, for pods' ages; the latest time in " +
        "the dump when absent",
      type: "string",
    })
    .option("anonymise", {
      describe:
        "other names for nodes, namespaces, pods, workloads, handles, pools and reservations, the " +
        "same everywhere, and only a few labels",
      type: "boolean",
      default: false,
    })
    .option("anonymise-addresses", {
      describe: "other addresses as well, with the same structure; implies --anonymise",
      type: "boolean",
      default: false,
    })
    .option("anonymise-key", {
      describe:
        "secret from which the other addresses are made, to get the same ones again; random when " +
        "absent",
      type: "string",
    })
    .option("json", { describe: "write the estimates as JSON", type: "boolean", default: false });
}

interface Given {
  readonly dump: ClusterDump;
  /** What happened to pods; undefined when it was not given. */
  readonly record: PodRecord | undefined;
}

/** The cluster as it is, or under other names. */
function disguised(
  { dump, record }: Given,
  args: { anonymise: boolean; anonymiseAddresses: boolean; anonymiseKey: string | undefined },
): Given {
  if (!args.anonymise && !args.anonymiseAddresses) return { dump, record };
  const key = args.anonymiseKey === undefined ? randomBytes(32) : Buffer.from(args.anonymiseKey);
  const addresses = args.anonymiseAddresses ? new AddressMap(key) : undefined;
  if (record === undefined) return { dump: anonymised(dump, addresses), record };
  return anonymisedWithRecord(dump, record, addresses);
}

function sizes({ blocks, affinities, handles, nodes, pods }: ClusterDump): string {
  const kinds = Object.entries({ blocks, affinities, handles, nodes, pods });
  return kinds.map(([kind, objects]) => `${kind} ${formatCount(objects.length)}`).join(", ");
}

function seconds(value: number): string {
  return formatDurationUs(value * US_PER_SECOND);
}

function estimateLines({ estimate }: ImportedScenario): string[] {
  const { estimates, unknown } = estimate;
  const lines = estimates.slice(0, ESTIMATES_SHOWN).map((found) => {
    const { owner, namespace, meanLifetimeSeconds, text } = found;
    const who = namespace === undefined ? `other pods of ${owner}` : `${namespace} ${owner}`;
    const rate =
      found.kind === "arrivals"
        ? `one pod every ${seconds(1 / found.perSecond)}`
        : `${formatCount(found.jobs * found.podsPerJob)} pods every ${seconds(found.everySeconds)}`;
    return `  ${printableText(who)}: ${rate}, for ${seconds(meanLifetimeSeconds)} (${text})`;
  });
  const more = estimates.length - ESTIMATES_SHOWN;
  if (more > 0) lines.push(`  … and ${formatCount(more)} more`);
  return [
    estimates.length === 0
      ? "estimated       nothing: the dump tells of no pod when it came; one a minute is assumed"
      : "estimated",
    ...lines,
    ...unknown.map((what) => `  not: ${printableText(what)}`),
  ];
}

export const command = defineCommand({
  command: "import <dump> [more..]",
  describe:
    "Make a scenario that starts in exactly the state of a real cluster and goes on as the cluster " +
    "seems to: how often pods come and how long they run is estimated from their ages, owners and " +
    "ends, and marked so in the file. Nothing is sent anywhere. A dump is what this prints: " +
    `${DUMP_COMMAND} (JSON or YAML, plain or gzip, one or several files, - for standard input).`,
  examples: [
    ["ipamlab import cluster.json -o tomorrow.yaml", "then: ipamlab simulate tomorrow.yaml"],
    ["ipamlab import --duration 7d dump/ -o week.yaml", "a folder of dumps, a week ahead"],
    [
      "ipamlab import --anonymise --anonymise-addresses cluster.json -o share.yaml",
      "share.state.json is a dump that can be shared",
    ],
  ],
  builder: declareOptions,
  async run(args, context) {
    const { output, release } = args;
    if (output === "" || output === "-") {
      const message = "expected the path of a file, for the state is written beside it";
      throw new BadInput({ file: "--output", message });
    }
    if (release !== undefined && findProfile(release) === undefined) {
      throw new BadInput({ file: "--release", message: unknownReleaseText(release) });
    }
    const durationUs = parseDuration(args.duration) ?? 0;
    if (durationUs < US_PER_SECOND) {
      const message = `expected ${DURATION_TEXT}, a second or more, found "${args.duration}"`;
      throw new BadInput({ file: "--duration", message });
    }
    const takenMs = args.takenAt === undefined ? undefined : Date.parse(args.takenAt);
    if (Number.isNaN(takenMs)) {
      const message = `expected a time such as 2026-01-05T10:00:00Z, found "${args.takenAt}"`;
      throw new BadInput({ file: "--taken-at", message });
    }
    const kinds = ["BlockAffinity", "IPAMHandle", "Node", "Pod"];
    const read = await readDumpInput([args.dump, ...args.more], context, kinds);
    const events = args.events === undefined ? undefined : await readPodRecord(args.events);
    const { dump, record } = disguised({ dump: read, record: events }, args);
    const name = basename(output).replace(/\.ya?ml$/i, "");
    const state = `${name}.state.json`;
    const imported = importScenario(dump, {
      record,
      name,
      state,
      release,
      durationSeconds: Math.round(durationUs / US_PER_SECOND),
      takenMs,
    });
    await writeOutputFile(join(dirname(output), state), kubernetesText(dump, ALL_FIELDS));
    await writeOutputFile(output, imported.yaml);
    const { takenMs: at, estimate, leftOut } = imported;
    if (args.json) {
      const files = { scenario: output, state: join(dirname(output), state) };
      const document = { ...files, takenAt: new Date(at).toISOString(), ...estimate, leftOut };
      context.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
      return ExitCode.ok;
    }
    const lines = [
      `scenario        ${output}`,
      `state           ${join(dirname(output), state)}: ${sizes(dump)}`,
      ...estimateLines(imported),
      ...leftOut.map((what) => `left out        ${printableText(what)}`),
      `next            ipamlab simulate ${output}`,
    ];
    context.stdout.write(`${lines.join("\n")}\n`);
    return ExitCode.ok;
  },
});
