import { ExitCode } from "../../failure/exit-code.js";
import { BadInput } from "../../failure/failure.js";
import type { ClusterDump } from "../../formats/cluster/cluster-dump.js";
import { checkAddresses } from "../../inspection/address-check.js";
import { lookUpAddress } from "../../inspection/address-lookup.js";
import { borrowedAddresses } from "../../inspection/borrowed-addresses.js";
import { inspectCluster } from "../../inspection/inspect-cluster.js";
import { utilizationOf } from "../../inspection/utilization.js";
import { type AddressNumber, formatAddress, parseAddress } from "../../model/address.js";
import { affinityText } from "../../model/affinity.js";
import { DEFAULT_IPAM_CONFIG } from "../../model/ipam-config.js";
import {
  describeAddress,
  describeBorrowed,
  describeConfiguration,
  describeUtilization,
} from "../../report/calicoctl-show.js";
import { describeInspection } from "../../report/inspection-text.js";
import { defineCommand } from "../command.js";
import { DUMP_COMMAND, declareDumps, readDumpInput } from "../dump-input.js";

/** What calicoctl shows in one call: one of these, by the option that asks for it. */
interface View {
  readonly ip?: AddressNumber | undefined;
  readonly blocks: boolean;
  readonly borrowed: boolean;
  readonly configuration: boolean;
}

function readAddress(text: string | undefined): AddressNumber | undefined {
  if (text === undefined) return undefined;
  const address = parseAddress(text);
  if (address !== undefined) return address;
  const message = `expected an IP address, found ${JSON.stringify(text)}`;
  throw new BadInput({ file: "--ip", message });
}

function describeView(dump: ClusterDump, view: View): string {
  if (view.ip !== undefined) return describeAddress(view.ip, lookUpAddress(dump, view.ip));
  if (view.borrowed) return describeBorrowed(borrowedAddresses(dump));
  if (view.configuration) return describeConfiguration(dump);
  return describeUtilization(utilizationOf(dump), view.blocks);
}

function viewDocument(dump: ClusterDump, view: View): object {
  if (view.ip !== undefined) {
    const attribute = lookUpAddress(dump, view.ip);
    return { ip: formatAddress(view.ip), isAssigned: attribute !== undefined, ...attribute };
  }
  if (view.borrowed) return borrowedAddresses(dump);
  if (view.configuration) return { configuration: dump.config?.value ?? DEFAULT_IPAM_CONFIG };
  const pools = utilizationOf(dump).map(({ pool, blocks }) => {
    const inUse = blocks.reduce((sum, { value }) => sum + value.allocatedCount, 0);
    return {
      name: pool?.name ?? null,
      cidr: pool?.cidr.text ?? null,
      capacity: pool?.cidr.size ?? null,
      inUse,
      blocks: blocks.map(({ value }) => ({
        cidr: value.cidr.text,
        affinity: value.affinity === null ? null : affinityText(value.affinity),
        capacity: value.size,
        inUse: value.allocatedCount,
      })),
    };
  });
  return { pools };
}

export const command = defineCommand({
  command: "show <dump> [more..]",
  describe:
    "Show the addresses of a cluster from a dump as `calicoctl ipam show` does, then what is wrong " +
    `in a few lines. A dump is what this prints: ${DUMP_COMMAND} (JSON or YAML, plain or gzip, ` +
    "one or several files, - for standard input).",
  examples: [
    ["ipamlab show cluster.json", "use of each pool"],
    ["ipamlab show --show-blocks cluster.json", "and of each block"],
    ["ipamlab show --style calicoctl --ip 10.0.0.1 cluster.json", "exactly as calicoctl v3.28.4"],
  ],
  builder: (yargs) =>
    declareDumps(yargs)
      .option("ip", { describe: "tell whether this address is in use", type: "string" })
      .option("show-blocks", {
        describe: "show blocks as well as pools",
        type: "boolean",
        default: false,
      })
      .option("show-borrowed", {
        describe: "show addresses that nodes took from blocks of others",
        type: "boolean",
        default: false,
      })
      .option("show-configuration", {
        describe: "show the IPAM configuration",
        type: "boolean",
        default: false,
      })
      .option("style", {
        describe: "calicoctl: exactly what calicoctl v3.28.4 prints, and nothing else",
        choices: ["ipamlab", "calicoctl"],
        default: "ipamlab",
      })
      .option("json", { describe: "write JSON", type: "boolean", default: false }),
  async run(args, context) {
    const view: View = {
      ip: readAddress(args.ip),
      blocks: args["show-blocks"],
      borrowed: args["show-borrowed"],
      configuration: args["show-configuration"],
    };
    const asked = [view.ip !== undefined, view.blocks, view.borrowed, view.configuration];
    if (asked.filter(Boolean).length > 1) {
      const message = "give one of --ip, --show-blocks, --show-borrowed, --show-configuration";
      throw new BadInput({ file: "options", message });
    }
    const dump = await readDumpInput([args.dump, ...args.more], context);
    if (args.json) {
      context.stdout.write(`${JSON.stringify(viewDocument(dump, view), null, 2)}\n`);
      return ExitCode.ok;
    }
    context.stdout.write(describeView(dump, view));
    if (args.style === "ipamlab" && view.ip === undefined) {
      const inspection = inspectCluster(dump, checkAddresses(dump));
      context.stdout.write(`\n${describeInspection(inspection, false)}`);
      if (inspection.findings.length > 0) {
        context.stdout.write("ipamlab check lists each with the command that puts it right.\n");
      }
    }
    return ExitCode.ok;
  },
});
