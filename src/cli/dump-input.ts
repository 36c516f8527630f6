import type { Argv } from "yargs";
import type { ClusterDump } from "../formats/cluster/cluster-dump.js";
import { readClusterDump } from "../formats/cluster/read-cluster-dump.js";
import { formatBytes, formatCount } from "../report/format-number.js";
import type { CommandContext } from "./command-context.js";

/** The command that makes a dump; part of the help of the commands that read one. */
export const DUMP_COMMAND =
  "kubectl get ipamblocks,blockaffinities,ipamhandles,ipamconfigs,ippools,ipreservations," +
  "nodes,pods -A -o json";

/**
 * Declares the files. The first is an argument of its own, for yargs drops a `-` from lists; so
 * standard input comes first.
 */
export function declareDumps<T>(yargs: Argv<T>) {
  return yargs
    .positional("dump", {
      describe:
        "what kubectl get, calicoctl datastore migrate export or etcdctl get --prefix /calico " +
        "printed, or a folder of such files; - is standard input",
      type: "string",
      demandOption: true,
    })
    .positional("more", {
      describe: "further files or folders of the same cluster",
      type: "string",
      array: true,
      default: [] as string[],
    });
}

/** What calicoctl's output rests on; without it the output is of a cluster that has none. */
const CALICOCTL_KINDS = ["IPAMBlock", "IPPool"];

/**
 * Reads the dumps of a command line and tells on standard error what of them is not looked at.
 *
 * @param needed kinds that the output rests on besides blocks and pools.
 */
export async function readDumpInput(
  files: readonly string[],
  context: CommandContext,
  needed: readonly string[] = [],
): Promise<ClusterDump> {
  const dump = await readClusterDump(files, {
    async onProgress({ file, bytes, objects }) {
      context.progress.update(
        () => `reading ${file}: ${formatBytes(bytes)}, ${formatCount(objects)} objects`,
      );
      await context.eventLoopTurn();
    },
  });
  for (const { file, line, message } of dump.warnings) {
    context.stderr.write(`ipamlab: ${file}:${line}: ${message}\n`);
  }
  for (const { file, what, count } of dump.skipped) {
    const objects = count === 1 ? "object" : "objects";
    context.stderr.write(`ipamlab: ${file}: not read: ${formatCount(count)} ${objects} ${what}\n`);
  }
  const absent = [...CALICOCTL_KINDS, ...needed].filter((kind) => !dump.kinds.has(kind));
  if (absent.length > 0) {
    const kinds = absent.join(", ");
    context.stderr.write(`ipamlab: the dump has no ${kinds}; they are taken for none\n`);
  }
  return dump;
}
