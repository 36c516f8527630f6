import { BadInput, type InputFault } from "../../failure/failure.js";
import { printable } from "../traces/printable.js";
import { readText, STANDARD_INPUT, type TextSourceOptions } from "../text-source.js";
import type { ClusterDump } from "./cluster-dump.js";
import { DumpCollector } from "./dump-collector.js";
import { FieldFault } from "./field-reader.js";
import { listObjects } from "./list-objects.js";
import { parseDocuments } from "./parse-documents.js";

/** Longest dump that is read, in characters; about 300,000 pods. */
const DUMP_LENGTH_MAX = 448 * 1024 * 1024;

/** Most faults that are told. */
const FAULTS_MAX = 20;

/**
 * Reads what kubectl prints of a cluster (`kubectl get ipamblocks,blockaffinities,ipamhandles,
 * ipamconfigs,ippools,ipreservations,nodes,pods -A -o json`): lists or single objects, JSON or YAML
 * with any number of documents, plain or gzip, from files or `-`. The objects may be in
 * `crd.projectcalico.org/v1` or `projectcalico.org/v3`. What several files say is put together.
 *
 * Objects of other kinds are counted in `skipped`.
 *
 * @throws BadInput with file, object and field of each fault (the first 20): a file that is not
 *   readable, a field that is not what it has to be, an object that occurs twice, no object of IPAM.
 */
export async function readClusterDump(
  files: readonly string[],
  options: TextSourceOptions = {},
): Promise<ClusterDump> {
  if (files.filter((file) => file === STANDARD_INPUT).length > 1) {
    throw new BadInput({ file: STANDARD_INPUT, message: "standard input can be read once only" });
  }
  const collector = new DumpCollector();
  const faults: InputFault[] = [];
  for (const file of files) {
    const bounded = { ...options, lineLengthMax: DUMP_LENGTH_MAX };
    const text = await readText(file, DUMP_LENGTH_MAX, bounded);
    const documents = parseDocuments(file, text);
    if (documents.length === 0) {
      faults.push({
        file,
        message: "is empty; expected objects as kubectl get -o json prints them",
      });
    }
    for (const found of listObjects(documents, (kind) => collector.mention(kind))) {
      try {
        if (found instanceof FieldFault) throw found;
        collector.add(file, found.object, found.label);
      } catch (error) {
        if (!(error instanceof FieldFault)) throw error;
        const label = found instanceof FieldFault ? "" : found.label;
        const field = [label, error.field].filter((part) => part !== "").join(": ");
        faults.push({ file, field: printable(field), message: error.fault });
      }
    }
  }
  if (faults.length > FAULTS_MAX) {
    const message = `and ${faults.length - FAULTS_MAX} faults more`;
    faults.splice(FAULTS_MAX, Infinity, { file: faults[FAULTS_MAX]!.file, message });
  }
  if (faults.length > 0) throw new BadInput(faults);
  const dump = collector.finish();
  if (dump.kinds.size === 0) {
    const message = "has no object of Calico's IPAM, no node and no pod";
    throw new BadInput(files.map((file) => ({ file, message })));
  }
  return dump;
}
