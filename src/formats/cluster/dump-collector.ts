import type { Handle } from "../../model/handle.js";
import type { IpamConfig } from "../../model/ipam-config.js";
import type { Pool } from "../../model/pool.js";
import type { Reservation } from "../../model/reservation.js";
import { printable, quoted } from "../traces/printable.js";
import { readBlockSpec } from "./block-object.js";
import {
  readAffinity,
  readClusterInformation,
  readConfig,
  readHandle,
  readPool,
  readReservation,
} from "./calico-objects.js";
import type {
  ClusterDump,
  ClusterInformation,
  DumpedNode,
  DumpedPod,
  ObjectIdentity,
  Stored,
  StoredAffinity,
  StoredBlock,
} from "./cluster-dump.js";
import { Field, FieldFault } from "./field-reader.js";
import { readNode, readPod } from "./kubernetes-objects.js";

const CALICO_GROUPS = ["crd.projectcalico.org/v1", "projectcalico.org/v3"];

/** The kinds that are read, with the API versions they are known in. */
const KNOWN_KINDS: ReadonlyMap<string, readonly string[]> = new Map([
  ["IPAMBlock", CALICO_GROUPS],
  ["BlockAffinity", CALICO_GROUPS],
  ["IPAMHandle", CALICO_GROUPS],
  ["IPAMConfig", CALICO_GROUPS],
  ["IPAMConfiguration", CALICO_GROUPS],
  ["IPPool", CALICO_GROUPS],
  ["IPReservation", CALICO_GROUPS],
  ["ClusterInformation", CALICO_GROUPS],
  ["Node", ["v1", "projectcalico.org/v3"]],
  ["Pod", ["v1"]],
]);

/** Two names of one thing. */
function canonicalKind(kind: string): string {
  return kind === "IPAMConfiguration" ? "IPAMConfig" : kind;
}

function byName(a: Stored<unknown>, b: Stored<unknown>): number {
  return a.object.name < b.object.name ? -1 : a.object.name > b.object.name ? 1 : 0;
}

function readIdentity(object: Field): ObjectIdentity {
  const metadata = object.member("metadata");
  const uid = metadata.member("uid").optionalText();
  return {
    apiVersion: object.member("apiVersion").text(),
    kind: object.member("kind").text(),
    namespace: metadata.member("namespace").optionalText(),
    name: metadata.member("name").filledText(),
    uid: uid === "" ? null : uid,
    resourceVersion: metadata.member("resourceVersion").optionalText(),
  };
}

/** Gathers the objects of one or several files into one dump. */
export class DumpCollector {
  readonly #blocks: StoredBlock[] = [];
  readonly #affinities: StoredAffinity[] = [];
  readonly #handles: Stored<Handle>[] = [];
  readonly #pools: Stored<Pool>[] = [];
  readonly #reservations: Stored<Reservation>[] = [];
  readonly #nodes: DumpedNode[] = [];
  readonly #pods: DumpedPod[] = [];
  #config: Stored<IpamConfig> | undefined;
  #clusterInformation: ClusterInformation | undefined;
  readonly #kinds = new Set<string>();
  /** Object by kind and name, or by what Calico knows it by, to the file it stands in. */
  readonly #seen = new Map<string, string>();
  readonly #skipped = new Map<string, { file: string; what: string; count: number }>();

  /** Notes that the dump speaks of this kind. */
  mention(kind: string): void {
    if (KNOWN_KINDS.has(kind)) this.#kinds.add(canonicalKind(kind));
  }

  /**
   * Reads one object.
   *
   * @throws FieldFault when a field is not what it has to be, or the object was there already.
   */
  add(file: string, object: Field, label: string): void {
    const kind = object.member("kind").text();
    const apiVersion = object.member("apiVersion").text();
    if (KNOWN_KINDS.get(kind)?.includes(apiVersion) !== true) {
      this.#skip(file, printable(`${kind} (${apiVersion})`));
      return;
    }
    const identity = readIdentity(object);
    const known = canonicalKind(kind);
    this.#once(file, `${known} ${identity.namespace}/${identity.name}`, label);
    if (known === "IPAMConfig" && identity.name !== "default") {
      // Calico reads no other (`libcalico-go/lib/backend/k8s/resources/ipam_config.go@v3.28.4`).
      this.#skip(file, `${kind} named ${quoted(identity.name)} (Calico reads "default" only)`);
      return;
    }
    this.mention(kind);
    this.#read(file, known, object, identity);
  }

  #skip(file: string, what: string): void {
    const key = `${file}\n${what}`;
    const entry = this.#skipped.get(key) ?? { file, what, count: 0 };
    entry.count++;
    this.#skipped.set(key, entry);
  }

  #once(file: string, key: string, what: string): void {
    const first = this.#seen.get(key);
    if (first !== undefined) {
      const where = first === file ? "in this dump" : `first in ${printable(first)}`;
      throw new FieldFault("", `${printable(what)} occurs twice (${where})`);
    }
    this.#seen.set(key, file);
  }

  #read(file: string, kind: string, object: Field, identity: ObjectIdentity): void {
    switch (kind) {
      case "IPAMBlock": {
        const block = readBlockSpec(object.member("spec"));
        this.#once(file, `block ${block.value.cidr.text}`, `the block ${block.value.cidr.text}`);
        this.#blocks.push({ object: identity, ...block });
        return;
      }
      case "BlockAffinity": {
        const affinity = readAffinity(object);
        const { host, type, cidr } = affinity.value;
        const key = `the affinity of ${type} ${host} for ${cidr.text}`;
        this.#once(file, key, key);
        this.#affinities.push({ object: identity, ...affinity });
        return;
      }
      case "IPAMHandle": {
        const handle = readHandle(object);
        this.#once(file, `handle ${handle.id}`, `the handle ${handle.id}`);
        this.#handles.push({ object: identity, value: handle });
        return;
      }
      case "IPAMConfig":
        this.#config = { object: identity, value: readConfig(object) };
        return;
      case "IPPool":
        this.#pools.push({ object: identity, value: readPool(object, identity) });
        return;
      case "IPReservation":
        this.#reservations.push({ object: identity, value: readReservation(object, identity) });
        return;
      case "ClusterInformation":
        this.#clusterInformation = readClusterInformation(object, identity);
        return;
      case "Node":
        this.#nodes.push(readNode(object, identity));
        return;
      case "Pod":
        this.#pods.push(readPod(object, identity));
        return;
    }
  }

  finish(): ClusterDump {
    return {
      blocks: this.#blocks.sort(byName),
      affinities: this.#affinities.sort(byName),
      handles: this.#handles.sort(byName),
      pools: this.#pools.sort(byName),
      reservations: this.#reservations.sort(byName),
      nodes: this.#nodes.sort((a, b) => (a.name < b.name ? -1 : 1)),
      pods: this.#pods,
      config: this.#config,
      clusterInformation: this.#clusterInformation,
      kinds: this.#kinds,
      skipped: [...this.#skipped.values()],
    };
  }
}
