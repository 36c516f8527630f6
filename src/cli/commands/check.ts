import { ExitCode } from "../../failure/exit-code.js";
import { BadInput } from "../../failure/failure.js";
import { type AddressCheck, checkAddresses } from "../../inspection/address-check.js";
import { inspectCluster } from "../../inspection/inspect-cluster.js";
import { findProfile, unknownReleaseText } from "../../releases/profiles.js";
import { describeCheck } from "../../report/calicoctl-check.js";
import { formatCheckReport } from "../../report/calicoctl-report.js";
import { describeInspection } from "../../report/inspection-text.js";
import { defineCommand } from "../command.js";
import { DUMP_COMMAND, declareDumps, readDumpInput } from "../dump-input.js";
import { writeOutputFile } from "../output-file.js";

/** The release whose output this is; `ipam release --from-report` compares it with its own. */
const CALICOCTL_VERSION = "v3.28.4";

/** What calicoctl counts, for programs. */
function countsOf(check: AddressCheck) {
  const addresses = (uses: readonly { address: string }[]) =>
    new Set(uses.map(({ address }) => address)).size;
  return {
    blocks: check.allocationsByBlock.size,
    allocations: [...check.allocationsByBlock.values()].flat().length,
    activePools: check.activePools.length,
    nodeTunnelAddresses: check.nodeUses.length,
    workloadAddresses: check.workloadUses.length,
    allocatedNotInUse: check.leaked.length,
    inUseOutsidePools: addresses(check.outsidePools),
    inUseNotAllocated: addresses(check.unallocated),
    handlesWithoutAddress: check.leakedHandles.length,
    missingHandles: check.missingHandles.length,
    problems: check.problemCount,
  };
}

export const command = defineCommand({
  command: "check <dump> [more..]",
  describe:
    "Check a cluster's IPAM from a dump as `calicoctl ipam check` does, then list what is wrong with " +
    `the command that puts it right. A dump is what this prints: ${DUMP_COMMAND} (JSON or YAML, ` +
    "plain or gzip, one or several files, - for standard input). Ends with 1 when there are problems.",
  examples: [
    ["ipamlab check cluster.json", "what is wrong, and how to put it right"],
    [
      "ipamlab check --style calicoctl --show-problem-ips cluster.json",
      "exactly as calicoctl v3.28.4",
    ],
    ["ipamlab check --output report.json cluster.json", "also a report for calicoctl ipam release"],
  ],
  builder: (yargs) =>
    declareDumps(yargs)
      .option("show-all-ips", {
        describe: "print all addresses that are checked",
        type: "boolean",
        default: false,
      })
      .option("show-problem-ips", {
        describe: "print all addresses that are leaked or not allocated properly",
        type: "boolean",
        default: false,
      })
      .option("output", {
        alias: "o",
        describe:
          "file to write calicoctl's report to; its head needs the ClusterInformation object",
        type: "string",
      })
      .option("release", {
        describe:
          "release of Calico, whose known faults are told with the findings; the dump's own " +
          "(ClusterInformation) when absent",
        type: "string",
      })
      .option("style", {
        describe: "calicoctl: exactly what calicoctl v3.28.4 prints, and nothing else",
        choices: ["ipamlab", "calicoctl"],
        default: "ipamlab",
      })
      .option("json", { describe: "write JSON", type: "boolean", default: false }),
  async run(args, context) {
    if (args.output === "" || args.output === "-") {
      throw new BadInput({ file: "--output", message: "expected the path of a file" });
    }
    if (args.release !== undefined && findProfile(args.release) === undefined) {
      throw new BadInput({ file: "--release", message: unknownReleaseText(args.release) });
    }
    const dump = await readDumpInput([args.dump, ...args.more], context, [
      "Pod",
      "Node",
      "IPAMHandle",
    ]);
    const check = checkAddresses(dump);
    const release = args.release === undefined ? undefined : findProfile(args.release);
    const inspection = inspectCluster(dump, check, release);
    if (args.output !== undefined) {
      const report = formatCheckReport(check, dump.clusterInformation, CALICOCTL_VERSION);
      await writeOutputFile(args.output, report);
    }
    const hasFinding = inspection.findings.some(({ severity }) => severity === "problem");
    if (args.json) {
      const document = { calicoctl: countsOf(check), ...inspection, skipped: dump.skipped };
      context.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    } else {
      const all = args["show-all-ips"];
      const detail = { all, problems: all || args["show-problem-ips"] };
      context.stdout.write(describeCheck(check, detail));
      if (args.style === "ipamlab") {
        context.stdout.write(`\n${describeInspection(inspection, true)}`);
      }
    }
    const isStrict = args.json || args.style === "ipamlab";
    const isSound = check.problemCount === 0 && !(isStrict && hasFinding);
    return isSound ? ExitCode.ok : ExitCode.checkFailed;
  },
});
