import { createHash } from "node:crypto";
import { CalicoError, type ErrorDialect, ResourceError } from "../model/calico-error.js";
import type { Cidr } from "../model/cidr.js";
import type { Datastore } from "./datastore.js";
import type { MemoryDatastore } from "./memory.js";
import type { DatastoreRequest, Kind } from "./request.js";
import type { Response } from "./response.js";

/** One API request: method, path below the CRD group (or from the root for nodes), status. */
export type ApiRequest = readonly [method: string, path: string, status: number];

/** Objects in one page of a list (`libcalico-go/lib/backend/k8s/resources/customresource.go@v3.28.4`). */
const PAGE_OBJECTS = 500;

const RESOURCES: Readonly<Record<Exclude<Kind, "ipamHost">, string>> = {
  block: "ipamblocks",
  affinity: "blockaffinities",
  handle: "ipamhandles",
  config: "ipamconfigs",
  pool: "ippools",
  reservation: "ipreservations",
  node: "nodes",
};

const KIND_NAMES: Readonly<Record<Exclude<Kind, "ipamHost">, string>> = {
  block: "IPAMBlock",
  affinity: "BlockAffinity",
  handle: "IPAMHandle",
  config: "IPAMConfig",
  pool: "IPPool",
  reservation: "IPReservation",
  node: "Node",
};

/** Name of a block object: `10-0-0-0-26`, `fd00--31c0-122` (`libcalico-go/lib/names/cidr.go@v3.28.4`). */
function blockName(cidr: Cidr): string {
  return cidr.text.replace(/[.:/]/g, "-");
}

/** Longest object name of Kubernetes, and what is left of the host when a hash has to fit in. */
const NAME_LENGTH_MAX = 253;
const HOST_AND_BLOCK_LENGTH_MAX = 239;
const HASH_DIGITS = 11;

function affinityName(host: string, block: string): string {
  const name = `${host}-${block}`;
  if (name.length < NAME_LENGTH_MAX) return name;
  const hash = createHash("sha256").update(`${host}+${block}`).digest("hex").slice(0, HASH_DIGITS);
  return `${host.slice(0, HOST_AND_BLOCK_LENGTH_MAX - block.length)}-${block}-${hash}`;
}

function objectName(request: DatastoreRequest): string {
  switch (request.kind) {
    case "block":
      return blockName(request.cidr!);
    case "affinity":
      return affinityName(request.owner!.host, blockName(request.cidr!));
    case "handle":
      return request.name.toLowerCase();
    case "config":
      return "default";
    default:
      return request.name;
  }
}

function statusOf(error: CalicoError): number {
  if (error.kind === "notFound") return 404;
  return error.kind === "exists" || error.kind === "conflict" ? 409 : 500;
}

/**
 * A memory datastore seen through Calico's Kubernetes client: the same answers, the requests that each
 * call costs, and errors in the words of that client. Lists come in pages, deletes are an update with a
 * deleted flag and a delete, and up to v3.30 the affinities of one host are found by listing all
 * (`libcalico-go/lib/backend/k8s/resources@v3.28.4`).
 */
export class KubernetesRequests implements Datastore {
  /**
   * @param requests where to write them.
   * @param listsAllAffinities whether the affinities of one host are found by listing all.
   */
  constructor(
    private readonly inner: MemoryDatastore,
    private readonly dialect: ErrorDialect,
    private readonly listsAllAffinities: boolean,
    readonly requests: ApiRequest[] = [],
  ) {}

  perform(request: DatastoreRequest): Response {
    const { kind, verb } = request;
    // The host object of old etcd installations is "not supported" here, without a request.
    if (kind === "ipamHost") return this.inner.perform(request);
    const hadConfig = this.inner.config !== undefined;
    const response = this.inner.perform(request);
    const resource = RESOURCES[kind];
    if (verb === "list") {
      this.#listPages(request, resource, response);
      return response;
    }
    const name = objectName(request);
    const path = kind === "node" ? `/api/v1/nodes/${name}` : `${resource}/${name}`;
    const failed = response instanceof CalicoError ? statusOf(response) : undefined;
    switch (verb) {
      case "get":
        this.requests.push(["GET", path, failed ?? 200]);
        break;
      case "create":
        this.requests.push(["POST", resource, failed ?? 201]);
        break;
      case "update":
        this.requests.push(["PUT", path, failed ?? 200]);
        break;
      case "delete":
        this.requests.push(["PUT", path, failed ?? 200]);
        if (failed === undefined) {
          this.requests.push(["GET", path, 200], ["DELETE", path, 200]);
        }
        break;
      case "apply":
        this.requests.push(["POST", resource, hadConfig ? 409 : 201]);
        if (hadConfig) this.requests.push(["PUT", path, 200]);
    }
    return response instanceof ResourceError ? this.#reword(request, response) : response;
  }

  #listPages(request: DatastoreRequest, resource: string, response: Response): void {
    const pages = Math.max(1, Math.ceil(this.#listedObjects(request, response) / PAGE_OBJECTS));
    for (let page = 0; page < pages; page++) {
      const token = page === 0 ? "" : "&continue=";
      this.requests.push(["GET", `${resource}?limit=${PAGE_OBJECTS}${token}`, 200]);
    }
  }

  /** What the server sends, of which the client may keep only a part. */
  #listedObjects(request: DatastoreRequest, response: Response): number {
    if (request.kind === "block") return this.inner.blockCount;
    if (request.kind === "affinity" && this.listsAllAffinities) {
      return this.inner.listAffinities().length;
    }
    return Array.isArray(response) ? response.length : 0;
  }

  #reword(request: DatastoreRequest, error: ResourceError): ResourceError {
    const kind = request.kind as Exclude<Kind, "ipamHost">;
    const name = objectName(request);
    const resource = kind === "node" ? "nodes" : `${RESOURCES[kind]}.crd.projectcalico.org`;
    const inner = error.kind === "notFound" ? `${resource} "${name}" not found` : "<nil>";
    return new ResourceError(error.kind, `${KIND_NAMES[kind]}(${name})`, this.dialect, inner);
  }
}
