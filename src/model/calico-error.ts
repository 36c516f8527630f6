/**
 * What a Calico error means to the code that receives it. `text` is every error that callers do not
 * tell apart. Only the outermost error counts: a wrapped conflict is `text`.
 */
export type CalicoErrorKind =
  | "notFound"
  | "exists"
  | "conflict"
  | "datastore"
  | "blockNotEmpty"
  | "claimConflict"
  | "invalidSize"
  | "noFreeBlocks"
  | "blockLimit"
  | "staleAffinity"
  | "text";

/**
 * An error of Calico's IPAM, as a value: results carry it, nothing throws it. `text` is Calico's own
 * wording to the letter (`libcalico-go/lib/errors/errors.go@v3.28.4`,
 * `libcalico-go/lib/ipam/ipam_errors.go@v3.28.4`).
 */
export abstract class CalicoError {
  abstract readonly kind: CalicoErrorKind;
  /** The Go type that the real library returns, for instance `*errors.errorString`. */
  abstract readonly goType: string;
  /** The Go error's text. */
  abstract get text(): string;
}

const GO_TYPES = {
  blockNotEmpty: "ipam.errBlockNotEmpty",
  claimConflict: "ipam.errBlockClaimConflict",
  invalidSize: "ipam.invalidSizeError",
  noFreeBlocks: "ipam.noFreeBlocksError",
  staleAffinity: "ipam.errStaleAffinity",
  blockLimit: "*errors.errorString",
  text: "*errors.errorString",
} as const;

/** An error of the IPAM library whose text is known when it is made. */
export class IpamError extends CalicoError {
  readonly goType: string;

  constructor(
    readonly kind: keyof typeof GO_TYPES,
    readonly text: string,
    goType?: string,
  ) {
    super();
    this.goType = goType ?? GO_TYPES[kind];
  }
}

/** An error without a type of its own. */
export function textError(text: string): IpamError {
  return new IpamError("text", text);
}

/** An error that quotes another one; callers no longer see the kind of the quoted one. */
export function wrapError(prefix: string, inner: CalicoError): IpamError {
  return new IpamError("text", `${prefix}: ${inner.text}`, "*fmt.wrapError");
}

/** How a datastore words its errors; it depends on the datastore and on the release. */
export interface ErrorDialect {
  /** From v3.32.0 an "already exists" error also tells its inner error. */
  readonly existsShowsInner: boolean;
}

/** Where an error came from: the datastore itself, or a fault that was injected. */
export type ErrorOrigin = "datastore" | "injected" | "injectedAfterEffect";

/**
 * "Does not exist", "already exists" or "update conflict" about one resource. The text is put
 * together only when it is asked for: "does not exist" is a usual answer on the hot path.
 */
export class ResourceError extends CalicoError {
  constructor(
    readonly kind: "notFound" | "exists" | "conflict",
    /** What is printed as identifier, for instance `BlockKey(cidr=10.0.0.0/26)`. */
    private readonly identifier: { toString(): string },
    private readonly dialect: ErrorDialect,
    private readonly inner: { toString(): string } = "<nil>",
    readonly origin: ErrorOrigin = "datastore",
  ) {
    super();
  }

  get goType(): string {
    if (this.kind === "notFound") return "errors.ErrorResourceDoesNotExist";
    if (this.kind === "exists") return "errors.ErrorResourceAlreadyExists";
    return "errors.ErrorResourceUpdateConflict";
  }

  get text(): string {
    const id = this.identifier.toString();
    if (this.kind === "notFound")
      return `resource does not exist: ${id} with error: ${this.inner.toString()}`;
    if (this.kind === "conflict") return `update conflict: ${id}`;
    const inner = this.dialect.existsShowsInner ? ` with error: ${this.inner.toString()}` : "";
    return `resource already exists: ${id}${inner}`;
  }
}

/** Any other failure of the datastore: network, time-out, refused. */
export class DatastoreError extends CalicoError {
  readonly kind = "datastore";
  readonly goType = "errors.ErrorDatastoreError";

  constructor(
    readonly text: string,
    readonly origin: ErrorOrigin = "datastore",
  ) {
    super();
  }
}
