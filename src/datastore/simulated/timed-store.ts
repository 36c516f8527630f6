import { CalicoError, ResourceError } from "../../model/calico-error.js";
import { Identifier } from "../identifier.js";
import { type AffinityLookup, kubernetesError, PAGE_OBJECTS } from "../kubernetes-names.js";
import type { MemoryDatastore, MemoryDialect } from "../memory.js";
import { DatastoreRequest, type Written } from "../request.js";
import type { Entry, Response } from "../response.js";

/** A datastore call goes on with its next step. */
export const NEXT_STEP = Symbol("next step");

/**
 * What the steps of a datastore call do to the stored objects, and when. A step happens at once, at the
 * time at which the server does it; between two steps others may come in.
 */
export interface TimedStore {
  /** Whether clients of this datastore are held to a rate. */
  readonly hasClientLimits: boolean;
  /** How many steps a list takes now; the objects of each are asked for with `objectsOfPage`. */
  pagesOf(request: DatastoreRequest): number;
  /** Objects that the server reads for one page of a list. */
  objectsOfPage(request: DatastoreRequest, page: number): number;
  /** Performs one step. */
  perform(request: DatastoreRequest, step: number): Response | typeof NEXT_STEP;
}

function listedObjects(
  memory: MemoryDatastore,
  request: DatastoreRequest,
  lookup: AffinityLookup,
): number {
  switch (request.kind) {
    case "block":
      return memory.blockCount;
    case "handle":
      return memory.handleCount;
    case "affinity": {
      if (request.owner === null || lookup === "lists all of the cluster") {
        return memory.affinityCount;
      }
      return (memory.perform(request) as readonly unknown[]).length;
    }
    default:
      return (memory.perform(request) as readonly unknown[]).length;
  }
}

/** etcd: each call is one transaction, lists are not paged, clients are not limited. */
export class EtcdStore implements TimedStore {
  readonly hasClientLimits = false;

  constructor(private readonly memory: MemoryDatastore) {}

  pagesOf(): number {
    return 1;
  }

  objectsOfPage(request: DatastoreRequest): number {
    return listedObjects(this.memory, request, "by label");
  }

  perform(request: DatastoreRequest): Response {
    return this.memory.perform(request);
  }
}

/** What the Kubernetes datastore does differently in a release. */
export interface KubernetesStoreOptions {
  readonly dialect: MemoryDialect;
  readonly affinityLookup: AffinityLookup;
}

/**
 * Kubernetes: lists come in pages, and a delete is an update that flags the object, a read and the
 * delete itself, so a flagged object can be met by others or be left behind
 * (`libcalico-go/lib/backend/k8s/resources@v3.28.4`).
 *
 * A list is answered as of its last page; the real one is a snapshot of its first.
 */
export class KubernetesStore implements TimedStore {
  readonly hasClientLimits = true;
  /** Objects whose deletion has begun, by kind and key. */
  readonly #flagged = new Set<string>();

  constructor(
    private readonly memory: MemoryDatastore,
    private readonly options: KubernetesStoreOptions,
  ) {}

  /** How many objects are flagged as deleted and still there. */
  get flaggedCount(): number {
    return this.#flagged.size;
  }

  pagesOf(request: DatastoreRequest): number {
    const objects = listedObjects(this.memory, request, this.options.affinityLookup);
    return Math.max(1, Math.ceil(objects / PAGE_OBJECTS));
  }

  objectsOfPage(request: DatastoreRequest, page: number): number {
    const objects = listedObjects(this.memory, request, this.options.affinityLookup);
    return Math.min(PAGE_OBJECTS, Math.max(0, objects - page * PAGE_OBJECTS));
  }

  perform(request: DatastoreRequest, step: number): Response | typeof NEXT_STEP {
    switch (request.verb) {
      case "get":
        return this.#get(request, step);
      case "delete":
        return this.#delete(request, step);
      case "list":
        return this.#list(request);
      case "apply":
        if (step === 0 && this.memory.config !== undefined) return NEXT_STEP;
        return this.memory.perform(request);
      default:
        return this.#inWords(request, this.memory.perform(request));
    }
  }

  #inWords(request: DatastoreRequest, response: Response): Response {
    return response instanceof ResourceError && request.kind !== "ipamHost"
      ? kubernetesError(request, response, this.options.dialect)
      : response;
  }

  #get(request: DatastoreRequest, step: number): Response | typeof NEXT_STEP {
    if (step === 0) {
      if (this.#flagged.size > 0 && this.#flagged.has(keyOf(request))) return NEXT_STEP;
      return this.#inWords(request, this.memory.perform(request));
    }
    // The object read is flagged: the reader completes the deletion before it answers.
    if (step < 3) return NEXT_STEP;
    this.#remove(request);
    const { dialect } = this.options;
    const id = new Identifier(request, dialect.affinityKeyShowsType);
    const isNewWording = request.kind === "handle" && dialect.affinityKeyShowsType;
    const why = isNewWording ? "resource was deleted" : "Resource was deleted";
    return new ResourceError("notFound", id, dialect, why);
  }

  #delete(request: DatastoreRequest, step: number): Response | typeof NEXT_STEP {
    if (step === 0) {
      const stored = this.memory.perform(asGet(request));
      if (stored instanceof CalicoError) return this.#inWords(request, stored);
      const { value } = stored as Entry<Written>;
      const flagged = this.memory.perform(asUpdate(request, value));
      if (flagged instanceof CalicoError) return this.#inWords(request, flagged);
      this.#flagged.add(keyOf(request));
      return NEXT_STEP;
    }
    if (step === 1) return NEXT_STEP;
    return this.#inWords(request, this.#remove(request));
  }

  /** The DELETE itself, which has a precondition on the object's identity only. */
  #remove(request: DatastoreRequest): Response {
    this.#flagged.delete(keyOf(request));
    const stored = this.memory.perform(asGet(request));
    if (stored instanceof CalicoError) return stored;
    return this.memory.perform(asDelete(request, (stored as Entry<Written>).revision));
  }

  /** Affinities that are flagged as deleted are left out of lists; blocks and handles are not. */
  #list(request: DatastoreRequest): Response {
    const listed = this.memory.perform(request);
    if (this.#flagged.size === 0 || request.kind !== "affinity") return listed;
    return (listed as readonly Entry<{ cidr: { text: string }; host: string }>[]).filter(
      ({ value }) => !this.#flagged.has(`affinity ${value.host} ${value.cidr.text}`),
    );
  }
}

function keyOf(request: DatastoreRequest): string {
  const { kind, name, cidr, owner } = request;
  if (kind === "block") return cidr!.text;
  return kind === "affinity" ? `affinity ${owner!.host} ${cidr!.text}` : `${kind} ${name}`;
}

function asGet(request: DatastoreRequest): DatastoreRequest {
  const { kind, name, cidr, owner, context } = request;
  return new DatastoreRequest("get", kind, name, cidr, owner, 0, null, 0, context);
}

function asUpdate(request: DatastoreRequest, value: Written): DatastoreRequest {
  const { kind, name, cidr, owner, revision, context } = request;
  return new DatastoreRequest("update", kind, name, cidr, owner, 0, value, revision, context);
}

function asDelete(request: DatastoreRequest, revision: number): DatastoreRequest {
  const { kind, name, cidr, owner, context } = request;
  return new DatastoreRequest("delete", kind, name, cidr, owner, 0, null, revision, context);
}
