import { CalicoError, type ErrorDialect, ResourceError } from "../model/calico-error.js";
import type { Datastore } from "./datastore.js";
import {
  type AffinityLookup,
  collectionPath,
  kubernetesError,
  listPath,
  objectPath,
  PAGE_OBJECTS,
  statusOf,
} from "./kubernetes-names.js";
import type { MemoryDatastore } from "./memory.js";
import type { DatastoreRequest } from "./request.js";
import type { Response } from "./response.js";

/** One API request: method, path below the CRD group (or from the root for nodes), status. */
export type ApiRequest = readonly [method: string, path: string, status: number];

/**
 * A memory datastore seen through Calico's Kubernetes client: the same answers, the requests that each
 * call costs, and errors in the words of that client. Lists come in pages, deletes are an update with a
 * deleted flag and a delete, and up to v3.30 the affinities of one host are found by listing all
 * (`libcalico-go/lib/backend/k8s/resources@v3.28.4`).
 */
export class KubernetesRequests implements Datastore {
  /**
   * @param requests where to write them.
   * @param affinityLookup how the affinities of one host are found.
   */
  constructor(
    private readonly inner: MemoryDatastore,
    private readonly dialect: ErrorDialect,
    private readonly affinityLookup: AffinityLookup,
    readonly requests: ApiRequest[] = [],
  ) {}

  perform(request: DatastoreRequest): Response {
    const { kind, verb } = request;
    // The host object of old etcd installations is "not supported" here, without a request.
    if (kind === "ipamHost") return this.inner.perform(request);
    const hadConfig = this.inner.config !== undefined;
    const response = this.inner.perform(request);
    if (verb === "list") {
      this.#listPages(request, response);
      return response;
    }
    const resource = collectionPath(request);
    const path = objectPath(request);
    const failed = response instanceof CalicoError ? statusOf(response) : undefined;
    switch (verb) {
      case "get":
        this.requests.push(["GET", path, failed ?? 200]);
        break;
      case "create":
        this.requests.push(["POST", resource, failed ?? 201]);
        break;
      case "update":
        // A node is read once more before its status is written.
        if (kind === "node") this.requests.push(["GET", path, failed === 404 ? 404 : 200]);
        if (kind === "node" && failed === 404) break;
        this.requests.push(["PUT", objectPath(request, true), failed ?? 200]);
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
    if (!(response instanceof ResourceError)) return response;
    return kubernetesError(request, response, this.dialect);
  }

  #listPages(request: DatastoreRequest, response: Response): void {
    const pages = Math.max(1, Math.ceil(this.#listedObjects(request, response) / PAGE_OBJECTS));
    for (let page = 0; page < pages; page++) {
      this.requests.push(["GET", listPath(request, page, this.affinityLookup), 200]);
    }
  }

  /** What the server sends, of which the client may keep only a part. */
  #listedObjects(request: DatastoreRequest, response: Response): number {
    if (request.kind === "block") return this.inner.blockCount;
    if (request.kind === "affinity" && this.affinityLookup === "lists all of the cluster") {
      return this.inner.affinityCount;
    }
    return Array.isArray(response) ? response.length : 0;
  }
}
