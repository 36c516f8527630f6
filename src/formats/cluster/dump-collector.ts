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
  DumpWarning,
  ObjectIdentity,
  Stored,
  StoredAffinity,
  StoredBlock,
  StoredHandle,
} from "./cluster-dump.js";
import { parseEtcdKey, readEtcdAffinity, readEtcdConfig, readEtcdHandle } from "./etcd-objects.js";
import { type Field, FieldFault } from "./field-reader.js";
import { readNode, readPod, readWorkloadEndpoint } from "./kubernetes-objects.js";

/** What stands for the API version of a key of etcd. */
const ETCD = "etcd";

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
  ["WorkloadEndpoint", ["projectcalico.org/v3"]],
  // What calicoctl of Calico v1 wrote (`calicoctl convert` still reads it).
  ["ipPool", ["v1"]],
  ["node", ["v1"]],
  ["workloadEndpoint", ["v1"]],
]);

const OTHER_NAMES: Readonly<Record<string, string>> = {
  IPAMConfiguration: "IPAMConfig",
  ipPool: "IPPool",
  node: "Node",
  workloadEndpoint: "WorkloadEndpoint",
};

/** Two names of one thing. */
function canonicalKind(kind: string): string {
  return OTHER_NAMES[kind] ?? kind;
}

function byName(a: Stored<unknown>, b: Stored<unknown>): number {
  return a.object.name < b.object.name ? -1 : a.object.name > b.object.name ? 1 : 0;
}

function readIdentity(object: Field): ObjectIdentity {
  const metadata = object.member("metadata");
  const kind = object.member("kind").text();
  const uid = metadata.member("uid").optionalText();
  return {
    apiVersion: object.member("apiVersion").text(),
    kind,
    namespace: metadata.member("namespace").optionalText(),
    // Pools of Calico v1 had no name.
    name:
      kind === "ipPool"
        ? metadata.member("cidr").cidr().text.replace(/[.:/]/g, "-")
        : metadata.member("name").filledText(),
    uid: uid === "" ? null : uid,
    resourceVersion: metadata.member("resourceVersion").optionalText(),
  };
}

/** Gathers the objects of one or several files into one dump. */
export class DumpCollector {
  readonly #blocks: StoredBlock[] = [];
  readonly #affinities: StoredAffinity[] = [];
  readonly #handles: StoredHandle[] = [];
  readonly #pools: Stored<Pool>[] = [];
  readonly #reservations: Stored<Reservation>[] = [];
  readonly #nodes: DumpedNode[] = [];
  readonly #pods: DumpedPod[] = [];
  #config: Stored<IpamConfig> | undefined;
  #clusterInformation: ClusterInformation | undefined;
  readonly #kinds = new Set<string>();
  /** Object by kind and name, or by what Calico knows it by, to where it stands. */
  readonly #seen = new Map<string, { readonly file: string; readonly object: ObjectIdentity }>();
  readonly #skipped = new Map<string, { file: string; what: string; count: number }>();
  readonly #warnings: DumpWarning[] = [];
  readonly #endpoints: DumpedPod[] = [];

  /** Notes that the dump speaks of this kind. */
  mention(kind: string): void {
    if (KNOWN_KINDS.has(kind)) this.#kinds.add(canonicalKind(kind));
  }

  warn(warning: DumpWarning): void {
    this.#warnings.push(warning);
  }

  /**
   * Reads one object.
   *
   * @throws FieldFault when a field is not what it has to be, or the object was there already.
   */
  add(file: string, object: Field): void {
    if (this.#addBareBlock(file, object)) return;
    const kind = object.member("kind").text();
    const apiVersion = object.member("apiVersion").text();
    if (KNOWN_KINDS.get(kind)?.includes(apiVersion) !== true) {
      this.#skip(file, printable(`${kind} (${apiVersion})`));
      return;
    }
    const identity = readIdentity(object);
    const known = canonicalKind(kind);
    if (known === "IPAMConfig" && identity.name !== "default") {
      // Calico reads no other (`libcalico-go/lib/backend/k8s/resources/ipam_config.go@v3.28.4`).
      this.#skip(file, `${kind} named ${quoted(identity.name)} (Calico reads "default" only)`);
      return;
    }
    const { namespace, name } = identity;
    const label = `${kind} ${namespace === "" ? "" : `${namespace}/`}${name}`;
    if (!this.#isNew(file, `${known} ${namespace}/${name}`, label, identity)) return;
    this.mention(kind);
    this.#read(file, known, object, identity);
  }

  /**
   * Reads a key of etcd with its value.
   *
   * @throws FieldFault when the value is not what it has to be, or the key was there already.
   */
  addEtcd(file: string, key: string, value: Field): void {
    const parsed = parseEtcdKey(key);
    if (parsed === undefined) {
      this.#skip(file, `key of etcd below ${printable(key.split("/").slice(0, 4).join("/"))}`);
      return;
    }
    if (parsed.kind === "resource") {
      this.add(file, value);
      return;
    }
    const { kind } = parsed;
    const place = { namespace: "", name: key, uid: null, resourceVersion: "" };
    const object = { apiVersion: ETCD, kind, ...place };
    if (!this.#isNew(file, key, `the key ${key}`, object)) return;
    this.mention(kind);
    switch (parsed.kind) {
      case "IPAMBlock": {
        const block = readBlockSpec(value);
        if (block.value.cidr.text !== parsed.cidr.text) {
          value.member("cidr").fail(`${parsed.cidr.text}, as the key says`);
        }
        this.#addBlock(file, { object, ...block });
        return;
      }
      case "BlockAffinity":
        this.#addAffinity(file, { object, ...readEtcdAffinity(parsed, value) });
        return;
      case "IPAMHandle": {
        const isDeleted = value.member("deleted").optionalFlag();
        this.#addHandle(file, { object, value: readEtcdHandle(parsed.id, value), isDeleted });
        return;
      }
      case "IPAMConfig":
        this.#config = { object, value: readEtcdConfig(value) };
    }
  }

  /** A block as it is stored in etcd, without its key. Returns whether it is one. */
  #addBareBlock(file: string, object: Field): boolean {
    const members = object.record();
    if (members["kind"] !== undefined || members["allocations"] === undefined) return false;
    if (members["cidr"] === undefined) {
      object.refuse("has fields of a block, without kind and cidr: is the rest of it missing?");
    }
    const cidr = object.member("cidr").cidr();
    const key = `/calico/ipam/v2/assignment/ipv${cidr.version}/block/${cidr.text.replace("/", "-")}`;
    this.addEtcd(file, key, object);
    return true;
  }

  #skip(file: string, what: string): void {
    const key = `${file}\n${what}`;
    const entry = this.#skipped.get(key) ?? { file, what, count: 0 };
    entry.count++;
    this.#skipped.set(key, entry);
  }

  /** Whether the object is not there yet; one that may be there twice is counted as skipped. */
  #isNew(file: string, key: string, label: string, object: ObjectIdentity): boolean {
    const first = this.#seen.get(key);
    if (first === undefined) {
      this.#seen.set(key, { file, object });
      return true;
    }
    const { apiVersion, kind, resourceVersion } = object;
    if (first.object.apiVersion !== apiVersion) {
      // Calico's API server shows objects of the older group in the newer one as well.
      this.#skip(file, `${kind} (${apiVersion}), read already as ${first.object.apiVersion}`);
      return false;
    }
    if (resourceVersion !== "" && first.object.resourceVersion === resourceVersion) {
      this.#skip(file, `${kind} (${apiVersion}), there already in the same version`);
      return false;
    }
    const where = first.file === file ? "in this dump" : `first in ${printable(first.file)}`;
    throw new FieldFault([], `${printable(label)} occurs twice (${where})`);
  }

  #once(file: string, key: string, object: ObjectIdentity): boolean {
    return this.#isNew(file, key, `the ${key}`, object);
  }

  #addBlock(file: string, block: StoredBlock): void {
    if (this.#once(file, `block ${block.value.cidr.text}`, block.object)) this.#blocks.push(block);
  }

  #addAffinity(file: string, affinity: StoredAffinity): void {
    const { type, host, cidr } = affinity.value;
    const key = `affinity of ${type} ${host} for ${cidr.text}`;
    if (this.#once(file, key, affinity.object)) this.#affinities.push(affinity);
  }

  #addHandle(file: string, handle: StoredHandle): void {
    if (this.#once(file, `handle ${handle.value.id}`, handle.object)) this.#handles.push(handle);
  }

  #read(file: string, kind: string, object: Field, identity: ObjectIdentity): void {
    switch (kind) {
      case "IPAMBlock":
        this.#addBlock(file, { object: identity, ...readBlockSpec(object.member("spec")) });
        return;
      case "BlockAffinity":
        this.#addAffinity(file, { object: identity, ...readAffinity(object) });
        return;
      case "IPAMHandle": {
        const isDeleted = object.member("spec").member("deleted").optionalFlag();
        this.#addHandle(file, { object: identity, value: readHandle(object), isDeleted });
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
      case "WorkloadEndpoint":
        this.#endpoints.push(readWorkloadEndpoint(object, identity));
        return;
    }
  }

  finish(): ClusterDump {
    // Where Kubernetes' pods are not at hand, Calico's endpoints tell of them.
    const hasPods = this.#kinds.has("Pod");
    if (!hasPods && this.#endpoints.length > 0) this.#kinds.add("Pod");
    return {
      blocks: this.#blocks.sort(byName),
      affinities: this.#affinities.sort(byName),
      handles: this.#handles.sort(byName),
      pools: this.#pools.sort(byName),
      reservations: this.#reservations.sort(byName),
      nodes: this.#nodes.sort((a, b) => (a.name < b.name ? -1 : 1)),
      pods: hasPods ? this.#pods : this.#endpoints,
      config: this.#config,
      clusterInformation: this.#clusterInformation,
      kinds: this.#kinds,
      skipped: [...this.#skipped.values()],
      warnings: this.#warnings,
    };
  }
}
