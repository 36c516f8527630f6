import { BadInput, type InputFault } from "../../failure/failure.js";
import { printable } from "../traces/printable.js";
import {
  type LineBatch,
  readBytes,
  splitLines,
  STANDARD_INPUT,
  type TextSourceOptions,
} from "../text-source.js";
import type { ClusterDump } from "./cluster-dump.js";
import { DumpCollector } from "./dump-collector.js";
import { DumpDocument, type DumpTarget } from "./dump-document.js";
import { expandDumpPaths } from "./dump-paths.js";
import { CALICO_KEY, EtcdLines } from "./etcd-lines.js";
import { Field, FieldFault, type FieldKey } from "./field-reader.js";
import { JsonSplitter } from "./json-splitter.js";
import { inside, type Locator, parseJsonText, placeOf } from "./text-piece.js";
import { YamlSplitter } from "./yaml-splitter.js";

/** Begins each text of a JSON text sequence (RFC 7464). */
const RECORD_SEPARATOR = "\u001e";

/** Longest line of YAML or of an etcd value, in characters. */
const LINE_LENGTH_MAX = 64 * 1024 * 1024;

const NAME_SHOWN_MAX = 300;

/** Most faults that are told. */
const FAULTS_MAX = 20;

export interface DumpOptions extends TextSourceOptions {
  /** Called after every chunk; may wait. */
  readonly onProgress?: ((progress: DumpProgress) => Promise<void>) | undefined;
}

export interface DumpProgress {
  readonly file: string;
  /** Bytes of this file so far, unpacked. */
  readonly bytes: number;
  /** Objects of all files so far, also of kinds that are not read. */
  readonly objects: number;
}

/** The fault of a file without any object. */
function emptyFile(file: string): InputFault {
  return { file, message: "is empty; expected objects as kubectl get -o json prints them" };
}

/** A name as messages tell it; the longest that Kubernetes allows fits. */
function shortened(name: string): string {
  return name.length > NAME_SHOWN_MAX ? `${name.slice(0, NAME_SHOWN_MAX)}…` : name;
}

/** How messages call an object: by kind and name, or by its position. */
function labelOf(value: unknown, position: string): string {
  const record = value as Record<string, unknown> | null | undefined;
  const metadata = record?.["metadata"] as Record<string, unknown> | null | undefined;
  const [kind, name, namespace] = [record?.["kind"], metadata?.["name"], metadata?.["namespace"]];
  if (typeof kind !== "string" || typeof name !== "string" || kind === "" || name === "") {
    return position;
  }
  return `${kind} ${typeof namespace === "string" && namespace !== "" ? `${namespace}/` : ""}${name}`;
}

/** Reads one file after the other into a collector, and keeps the faults. */
class DumpReader implements DumpTarget {
  readonly collector = new DumpCollector();
  readonly faults: InputFault[] = [];
  #file = "";
  #objects = 0;
  #moreFaults = 0;
  /** The fault of the object that was read last, if a field of it is not there. */
  #lastMissing: InputFault | undefined;

  get faultCount(): number {
    return this.faults.length + this.#moreFaults;
  }

  object(value: unknown, locate: (keys: readonly FieldKey[]) => Locator, position: string): void {
    this.#objects++;
    this.#lastMissing = undefined;
    this.#catching(
      () => this.collector.add(this.#file, new Field(value)),
      locate,
      () => labelOf(value, position),
    );
  }

  etcd(key: string, value: unknown, locator: Locator): void {
    this.#objects++;
    this.#catching(
      () => {
        const isJson = typeof value === "string" && /^[{[]/.test(value);
        const text = { text: isJson ? value : "", line: locator.line, column: 1, base: [] };
        const content = isJson ? parseJsonText(this.#file, text) : value;
        this.collector.addEtcd(this.#file, key, new Field(content));
      },
      (keys) => inside(locator, keys),
      () => key,
    );
  }

  mention(kind: string): void {
    this.collector.mention(kind);
  }

  warn({ line }: Locator, message: string): void {
    this.collector.warn({ file: this.#file, line, message });
  }

  fault(locator: Locator, label: string, { field, fault, isMissing }: FieldFault): void {
    if (this.faults.length >= FAULTS_MAX) {
      this.#moreFaults++;
      return;
    }
    const { line, column } = placeOf(locator);
    const where = [label, field].filter((part) => part !== "").map(shortened);
    const place = { file: this.#file, line, column };
    const found = { ...place, field: printable(where.join(": ")), message: fault };
    this.faults.push(found);
    if (isMissing) this.#lastMissing = found;
  }

  #catching(
    read: () => void,
    locate: (keys: readonly FieldKey[]) => Locator,
    label: () => string,
  ): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof FieldFault)) throw error;
      this.fault(locate(error.keys), label(), error);
    }
  }

  /** Reads a file. What is no JSON or YAML ends it, and becomes a fault as well. */
  async read(file: string, options: DumpOptions): Promise<void> {
    this.#file = file;
    try {
      await this.#readFile(file, options);
    } catch (error) {
      if (!(error instanceof BadInput)) throw error;
      this.faults.push(...error.faults);
    }
  }

  async #readFile(file: string, options: DumpOptions): Promise<void> {
    let line = 1;
    let bytes = 0;
    const chunks = readBytes(file, options, () => line);
    const document = new DumpDocument(this);
    const head = await firstBytes(chunks);
    const progress = async (chunk: Buffer) => {
      bytes += chunk.length;
      await options.onProgress?.({ file, bytes, objects: this.#objects });
    };
    async function* counted(): AsyncGenerator<Buffer> {
      if (head.length > 0) yield head;
      for await (const chunk of chunks) {
        await progress(chunk);
        yield chunk;
      }
    }
    if (isJson(head)) {
      const splitter = new JsonSplitter(file, document);
      for await (const chunk of counted()) {
        splitter.push(chunk);
        line = splitter.line;
      }
      splitter.finish();
    } else {
      const bounded = { ...options, lineLengthMax: LINE_LENGTH_MAX };
      const lines = splitLines(file, counted(), bounded, (reached) => {
        line = reached;
      });
      const isEtcd = await this.#readLines(file, lines, document);
      if (isEtcd) return;
    }
    if (document.count === 0) this.faults.push(emptyFile(file));
  }

  /** YAML that breaks off is YAML still; then the last object lacks fields. */
  #askForRest(lastLine: number): void {
    const fault = this.#lastMissing;
    if (fault === undefined) return;
    const message = `${fault.message}; the file ends in this object, in line ${lastLine}: is it complete?`;
    this.faults.splice(this.faults.indexOf(fault), 1, { ...fault, message });
  }

  /** Reads keys of etcd, or YAML. Returns whether it was etcd. */
  async #readLines(
    file: string,
    batches: AsyncIterable<LineBatch>,
    document: DumpDocument,
  ): Promise<boolean> {
    let reader: EtcdLines | YamlSplitter | undefined;
    let lastLine = 0;
    for await (const { firstLine, lines } of batches) {
      for (const [i, line] of lines.entries()) {
        if (reader === undefined) {
          if (line.trim() === "") continue;
          reader = CALICO_KEY.test(line) ? new EtcdLines(this) : new YamlSplitter(file, document);
        }
        reader.push(line, firstLine + i);
      }
      if (lines.length > 0) lastLine = firstLine + lines.length - 1;
    }
    reader?.finish();
    if (reader instanceof YamlSplitter) this.#askForRest(lastLine);
    return reader instanceof EtcdLines;
  }
}

/** Enough bytes of a file to tell what it is. */
async function firstBytes(chunks: AsyncGenerator<Buffer>): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (!/[^\s\ufeff-]/.test(head.toString("utf8"))) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  return head;
}

/** Whether the first thing, behind blanks, a byte order mark and lines of dashes, is a JSON value. */
function isJson(head: Buffer): boolean {
  const text = head.toString("utf8", 0, 4096);
  const first = text.replace(/^\ufeff?(\s|---[ \t]*(\r?\n|(?=\{)))*/, "").charAt(0);
  return first === "{" || first === "[" || first === RECORD_SEPARATOR;
}

/**
 * Reads what a cluster's operator has at hand:
 *
 * - what kubectl prints (`kubectl get ipamblocks,blockaffinities,ipamhandles,ipamconfigs,ippools,
 *   ipreservations,nodes,pods -A -o json`): lists or single objects, JSON or YAML with any number of
 *   documents, in `crd.projectcalico.org/v1` or `projectcalico.org/v3`, of Calico v3.0 to v3.32;
 * - what `calicoctl get -o yaml` and `calicoctl datastore migrate export` print;
 * - keys of etcd: `etcdctl get --prefix /calico`, as lines or with `-w json`.
 *
 * Plain or gzip, from files, folders or `-`. What several files say is put together. Lists are read
 * object by object, so a dump may be larger than memory. Objects of other kinds are counted in
 * `skipped`.
 *
 * @throws BadInput with file, line, column, object and field of each fault (the first 20): a file that
 *   is not readable or not complete, a field that is not what it has to be, an object that occurs
 *   twice, no object of IPAM.
 */
export async function readClusterDump(
  paths: readonly string[],
  options: DumpOptions = {},
): Promise<ClusterDump> {
  if (paths.filter((path) => path === STANDARD_INPUT).length > 1) {
    throw new BadInput({ file: STANDARD_INPUT, message: "standard input can be read once only" });
  }
  const reader = new DumpReader();
  const files = await expandDumpPaths(paths);
  for (const file of files) await reader.read(file, options);
  const { faults, faultCount } = reader;
  if (faultCount > FAULTS_MAX) {
    const message = `and ${faultCount - FAULTS_MAX} faults more`;
    faults.splice(FAULTS_MAX, Infinity, { file: faults[FAULTS_MAX - 1]!.file, message });
  }
  if (faults.length > 0) throw new BadInput(faults);
  const dump = reader.collector.finish();
  if (dump.kinds.size === 0) {
    const message = "has no object of Calico's IPAM, no node and no pod";
    throw new BadInput(paths.map((file) => ({ file, message })));
  }
  return dump;
}
