import { createHash } from "node:crypto";
import type { AffinityOwner } from "../model/affinity.js";
import { type CalicoError, type ErrorDialect, ResourceError } from "../model/calico-error.js";
import type { Cidr } from "../model/cidr.js";
import type { DatastoreRequest, Kind } from "./request.js";

/** Kinds that are objects of the Kubernetes API. */
export type ApiKind = Exclude<Kind, "ipamHost">;

/** Objects in one page of a list (`libcalico-go/lib/backend/k8s/resources/customresource.go@v3.28.4`). */
export const PAGE_OBJECTS = 500;

/** Resources of the kinds, as paths name them. */
export const API_RESOURCES = {
  block: "ipamblocks",
  affinity: "blockaffinities",
  handle: "ipamhandles",
  config: "ipamconfigs",
  pool: "ippools",
  reservation: "ipreservations",
  node: "nodes",
} as const satisfies Readonly<Record<ApiKind, string>>;

const KIND_NAMES: Readonly<Record<ApiKind, string>> = {
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

/** Name of the object that a request is about. */
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

/**
 * Path of a request's object below Calico's group; from the root for nodes.
 *
 * @param isPut whether it is for writing: of a node, Calico writes the status.
 */
export function objectPath(request: DatastoreRequest, isPut = false): string {
  const name = objectName(request);
  return request.kind === "node"
    ? `/api/v1/nodes/${name}${isPut ? "/status" : ""}`
    : `${API_RESOURCES[request.kind as ApiKind]}/${name}`;
}

/** Path that objects of the request's kind are created at. */
export function collectionPath(request: DatastoreRequest): string {
  return API_RESOURCES[request.kind as ApiKind];
}

/** How the affinities of one host are asked for. */
export type AffinityLookup = "lists all of the cluster" | "by label";

/**
 * Path of one page of a list.
 *
 * @param page from 0; the continue token of later pages is left empty.
 */
export function listPath(request: DatastoreRequest, page: number, lookup: AffinityLookup): string {
  const { kind, owner } = request;
  const isByLabel = kind === "affinity" && owner !== null && lookup === "by label";
  const selector = isByLabel ? `${affinitySelector(owner, request.version)}&` : "";
  const token = page === 0 ? "" : "&continue=";
  return `${API_RESOURCES[kind as ApiKind]}?${selector}limit=${PAGE_OBJECTS}${token}`;
}

/** Labels by which v3.31.0 and later find a host's affinities (`ipam_affinity.go@v3.31.0`). */
function affinitySelector(owner: AffinityOwner, version: number): string {
  const labels = [
    `projectcalico.org/affinity-type=${owner.type}`,
    `projectcalico.org/hostname-hash=${hostnameHash(owner.host)}`,
    `projectcalico.org/ip-version=${version}`,
  ];
  return `labelSelector=${encodeURIComponent(labels.join(","))}`;
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** SHA3-256 of the host in unpadded base32. */
function hostnameHash(host: string): string {
  let bits = 0;
  let value = 0;
  let text = "";
  for (const byte of createHash("sha3-256").update(host).digest()) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32[(value >> bits) & 31]!;
    }
  }
  return bits === 0 ? text : text + BASE32[(value << (5 - bits)) & 31]!;
}

/** Status that the API server answered with when the client saw this error. */
export function statusOf(error: CalicoError): number {
  if (error.kind === "notFound") return 404;
  return error.kind === "exists" || error.kind === "conflict" ? 409 : 500;
}

/** `IPAMBlock(10-0-0-0-26)`; put together only when asked for. */
class ApiIdentifier {
  constructor(private readonly request: DatastoreRequest) {}

  toString(): string {
    return `${KIND_NAMES[this.request.kind as ApiKind]}(${objectName(this.request)})`;
  }
}

/** The API server's own sentence about a missing object; put together only when asked for. */
class NotFoundText {
  constructor(private readonly request: DatastoreRequest) {}

  toString(): string {
    const { request } = this;
    const resource = API_RESOURCES[request.kind as ApiKind];
    const full = request.kind === "node" ? resource : `${resource}.crd.projectcalico.org`;
    return `${full} "${objectName(request)}" not found`;
  }
}

/** A memory datastore's error in the words of Calico's Kubernetes client. */
export function kubernetesError(
  request: DatastoreRequest,
  error: ResourceError,
  dialect: ErrorDialect,
): ResourceError {
  const inner = error.kind === "notFound" ? new NotFoundText(request) : "<nil>";
  return new ResourceError(error.kind, new ApiIdentifier(request), dialect, inner);
}
