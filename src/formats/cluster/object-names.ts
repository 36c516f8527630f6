import { createHash } from "node:crypto";
import type { AffinityOwner } from "../../model/affinity.js";
import type { Cidr } from "../../model/cidr.js";

// Names and labels of Calico's objects in Kubernetes
// (`libcalico-go/lib/names/cidr.go@v3.28.4`, `libcalico-go/lib/backend/k8s/resources/ipam_*.go@v3.28.4`).

/** Longest name of a Kubernetes object. */
const NAME_LENGTH_MAX = 253;

/** Characters of a hash that keep cut affinity names apart. */
const HASH_LENGTH = 11;

/** `10-0-0-0-26`. */
export function blockName(cidr: Cidr): string {
  return cidr.text.replace(/[.:/]/g, "-");
}

/** `<node>-10-0-0-0-26`; a node name that makes it too long is cut, and a hash added. */
export function affinityName(host: string, cidr: Cidr): string {
  const block = blockName(cidr);
  const name = `${host}-${block}`;
  if (name.length < NAME_LENGTH_MAX) return name;
  const hash = createHash("sha256").update(`${host}+${block}`).digest("hex");
  const kept = NAME_LENGTH_MAX - HASH_LENGTH - 3 - block.length;
  return `${host.slice(0, kept)}-${block}-${hash.slice(0, HASH_LENGTH)}`;
}

/** Handles are found by their id in lower case. */
export function handleName(id: string): string {
  return id.toLowerCase();
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function base32(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32[(value >> bits) & 31]!;
      value &= (1 << bits) - 1;
    }
  }
  return bits === 0 ? text : text + BASE32[(value << (5 - bits)) & 31]!;
}

/**
 * Labels by which releases from v3.31.0 on list the affinities of a host; without them an object is
 * not seen (`libcalico-go/lib/backend/model/block_affinity.go@v3.31.6`).
 */
export function affinityLabels(owner: AffinityOwner, cidr: Cidr): Record<string, string> {
  const hash = createHash("sha3-256").update(owner.host).digest();
  return {
    "projectcalico.org/affinity-type": owner.type === "" ? "host" : owner.type,
    "projectcalico.org/hostname-hash": base32(hash),
    "projectcalico.org/ip-version": String(cidr.version),
  };
}
