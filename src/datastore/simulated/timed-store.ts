import type { Affinity, AffinityOwner } from "../../model/affinity.js";
import { CalicoError, ResourceError } from "../../model/calico-error.js";
import type { Cidr } from "../../model/cidr.js";
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

/** Objects whose deletion has begun. Every read asks for its object, so asking makes no text. */
class FlaggedObjects {
  readonly #blocks = new Set<string>();
  readonly #handles = new Set<string>();
  /** By cidr, then by owner. */
  readonly #affinities = new Map<string, Set<string>>();

  get size(): number {
    let size = this.#blocks.size + this.#handles.size;
    for (const owners of this.#affinities.values()) size += owners.size;
    return size;
  }

  get hasAffinities(): boolean {
    return this.#affinities.size > 0;
  }

  hasAffinity(owner: AffinityOwner, cidr: Cidr): boolean {
    return this.#affinities.get(cidr.text)?.has(owner.host) ?? false;
  }

  has({ kind, name, cidr, owner }: DatastoreRequest): boolean {
    if (kind === "handle") return this.#handles.has(name);
    if (kind === "block") return this.#blocks.has(cidr!.text);
    return kind === "affinity" && this.#affinities.size > 0 && this.hasAffinity(owner!, cidr!);
  }

  add({ kind, name, cidr, owner }: DatastoreRequest): void {
    if (kind === "handle") this.#handles.add(name);
    else if (kind === "block") this.#blocks.add(cidr!.text);
    else {
      const owners = this.#affinities.get(cidr!.text);
      if (owners === undefined) this.#affinities.set(cidr!.text, new Set([owner!.host]));
      else owners.add(owner!.host);
    }
  }

  delete({ kind, name, cidr, owner }: DatastoreRequest): void {
    if (kind === "handle") this.#handles.delete(name);
    else if (kind === "block") this.#blocks.delete(cidr!.text);
    else {
      const owners = this.#affinities.get(cidr!.text);
      owners?.delete(owner!.host);
      if (owners?.size === 0) this.#affinities.delete(cidr!.text);
    }
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
  readonly #flagged: FlaggedObjects;

  /** @param other how clients of another release see the same objects. */
  constructor(
    private readonly memory: MemoryDatastore,
    private readonly options: KubernetesStoreOptions,
    other?: KubernetesStore,
  ) {
    this.#flagged = other === undefined ? new FlaggedObjects() : other.#flagged;
  }

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
      case "update":
        if (request.kind === "node" && step === 0) return NEXT_STEP;
        return this.#inWords(request, this.memory.perform(request));
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
      if (this.#flagged.has(request)) return NEXT_STEP;
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
      this.#flagged.add(request);
      return NEXT_STEP;
    }
    if (step === 1) return NEXT_STEP;
    return this.#inWords(request, this.#remove(request));
  }

  /** The DELETE itself, which has a precondition on the object's identity only. */
  #remove(request: DatastoreRequest): Response {
    this.#flagged.delete(request);
    const stored = this.memory.perform(asGet(request));
    if (stored instanceof CalicoError) return stored;
    return this.memory.perform(asDelete(request, (stored as Entry<Written>).revision));
  }

  /** Affinities that are flagged as deleted are left out of lists; blocks and handles are not. */
  #list(request: DatastoreRequest): Response {
    const listed = this.memory.perform(request);
    if (request.kind !== "affinity" || !this.#flagged.hasAffinities) return listed;
    return (listed as readonly Entry<Affinity>[]).filter(
      ({ value }) => !this.#flagged.hasAffinity(value, value.cidr),
    );
  }
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
