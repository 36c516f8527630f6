import { Readable } from "node:stream";
import type { ClusterDump } from "../../../src/formats/cluster/cluster-dump.js";
import { readClusterDump } from "../../../src/formats/cluster/read-cluster-dump.js";

/** Reads a dump from standard input. */
export function readDumpText(content: string | Uint8Array): Promise<ClusterDump> {
  return readClusterDump(["-"], { stdin: Readable.from([Buffer.from(content)]) });
}
