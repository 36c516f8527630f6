import type { AffinityState } from "../../model/affinity.js";
import { Cidr } from "../../model/cidr.js";
import type { Handle } from "../../model/handle.js";
import type { IpamConfig } from "../../model/ipam-config.js";
import { oneOf, readConfigFields, readHandleBlocks, AFFINITY_STATES } from "./calico-objects.js";
import type { StoredAffinity } from "./cluster-dump.js";
import type { Field } from "./field-reader.js";

/** What a key of etcd stands for (`libcalico-go/lib/backend/model/*.go@v3.28.4`). */
export type EtcdKey =
  | { readonly kind: "IPAMBlock"; readonly cidr: Cidr }
  | {
      readonly kind: "BlockAffinity";
      readonly type: "host" | "virtual";
      readonly host: string;
      readonly cidr: Cidr;
    }
  | { readonly kind: "IPAMHandle"; readonly id: string }
  | { readonly kind: "IPAMConfig" }
  /** An object of `projectcalico.org/v3`; the value tells the rest. */
  | { readonly kind: "resource" };

function cidrOf(text: string): Cidr | undefined {
  return Cidr.parse(text.replace("-", "/"));
}

/** What this key stands for, or undefined when it is not known. */
export function parseEtcdKey(key: string): EtcdKey | undefined {
  const affinity = /^\/calico\/ipam\/v2\/(host|virtual)\/([^/]+)\/ipv[46]\/block\/([^/]+)$/.exec(
    key,
  );
  if (affinity !== null) {
    const cidr = cidrOf(affinity[3]!);
    const type = affinity[1] === "virtual" ? "virtual" : "host";
    return cidr && { kind: "BlockAffinity", type, host: affinity[2]!, cidr };
  }
  const block = /^\/calico\/ipam\/v2\/assignment\/ipv[46]\/block\/([^/]+)$/.exec(key);
  if (block !== null) {
    const cidr = cidrOf(block[1]!);
    return cidr && { kind: "IPAMBlock", cidr };
  }
  const handle = /^\/calico\/ipam\/v2\/handle\/(.+)$/s.exec(key);
  if (handle !== null) return { kind: "IPAMHandle", id: handle[1]! };
  if (/^\/calico\/ipam\/v2\/config\/?$/.test(key)) return { kind: "IPAMConfig" };
  if (key.startsWith("/calico/resources/v3/projectcalico.org/")) return { kind: "resource" };
  return undefined;
}

/** Reads the value of an affinity's key; old releases wrote an empty object. */
export function readEtcdAffinity(
  { type, host, cidr }: EtcdKey & { kind: "BlockAffinity" },
  value: Field,
): Omit<StoredAffinity, "object"> {
  const stored = value.member("state");
  const state: AffinityState = stored.isAbsent ? "" : oneOf(stored, AFFINITY_STATES);
  return {
    value: { type, host, cidr, state },
    isDeleted: value.member("deleted").optionalBoolean(false),
  };
}

/** Reads the value of a handle's key. */
export function readEtcdHandle(id: string, value: Field): Handle {
  return { id, blocks: readHandleBlocks(value.member("block")) };
}

/** Reads the configuration, whose false and zero fields are left out. */
export function readEtcdConfig(value: Field): IpamConfig {
  return readConfigFields(
    value.member("strict_affinity"),
    value.member("auto_allocate_blocks"),
    value,
  );
}
