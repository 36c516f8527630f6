import type { DatastoreRequest } from "./request.js";

/**
 * The name that etcd-style errors give to the object of a request
 * (`libcalico-go/lib/backend/model/*.go@v3.28.4`, `String()` of the keys). Text is made on demand.
 */
export class Identifier {
  constructor(
    private readonly request: DatastoreRequest,
    private readonly showAffinityType: boolean,
  ) {}

  toString(): string {
    const { kind, name, cidr, owner } = this.request;
    switch (kind) {
      case "block":
        return `BlockKey(cidr=${cidr?.text ?? ""})`;
      case "affinity": {
        const type = this.showAffinityType ? `, affinityType=${owner?.type ?? ""}` : "";
        return `BlockAffinityKey(cidr=${cidr?.text ?? ""}, host=${owner?.host ?? ""}${type})`;
      }
      case "handle":
        return `IPAMHandleKey(id=${name})`;
      case "config":
        return "IPAMConfigKey()";
      case "node":
        return `Node(${name})`;
      case "ipamHost":
        return `IPAMHostKey(host=${name})`;
      case "pool":
        return `IPPool(${name})`;
      case "reservation":
        return `IPReservation(${name})`;
    }
  }
}
