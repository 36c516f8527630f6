import type { AddressNumber } from "../model/address.js";
import type { Cidr } from "../model/cidr.js";

/** What the runtime passes to calico-ipam for one sandbox. */
export interface CniRequest {
  readonly containerId: string;
  readonly pod: string;
  readonly namespace: string;
  readonly namespaceLabels: Readonly<Record<string, string>>;
  /**
   * What the sandbox's addresses are allocated by: the name of the CNI network and the container's id
   * (`GetHandleID`, cni-plugin/internal/pkg/utils/utils.go@v3.28.4).
   */
  readonly handle: string;
  /** Node name as Calico knows it. */
  readonly node: string;
  readonly wantsIpv4: boolean;
  readonly wantsIpv6: boolean;
  /** Pools asked for by configuration or annotation: names or cidrs. */
  readonly pools4: readonly string[];
  readonly pools6: readonly string[];
  /** The one address asked for (annotation ipAddrs), or null. */
  readonly address: AddressNumber | null;
  readonly windows: boolean;
  /** Windows single-network mode: a node holds one block. */
  readonly singleBlock: boolean;
}

/** What tells one ordinary sandbox from another. */
export type OrdinarySandbox = Pick<CniRequest, "containerId" | "pod" | "namespace" | "node"> &
  Partial<Pick<CniRequest, "wantsIpv4" | "wantsIpv6" | "windows">>;

/** Handle of an ordinary sandbox: the CNI network that Calico's manifests name, then the sandbox. */
export function ordinaryHandle(containerId: string): string {
  return `k8s-pod-network.${containerId}`;
}

/** The request for a sandbox that asks for nothing special; for an IPv4 address unless told else. */
export function ordinaryRequest(sandbox: OrdinarySandbox): CniRequest {
  const { containerId, pod, namespace, node } = sandbox;
  const { wantsIpv4 = true, wantsIpv6 = false, windows = false } = sandbox;
  return {
    containerId,
    pod,
    namespace,
    namespaceLabels: {},
    handle: ordinaryHandle(containerId),
    node,
    wantsIpv4,
    wantsIpv6,
    pools4: [],
    pools6: [],
    address: null,
    windows,
    singleBlock: false,
  };
}

/**
 * The request that a sandbox was made by, as far as its handle tells, which is the request's again. A
 * handle without a dot is not one of the plugin's: no DEL will find it.
 */
export function requestOfHandle(
  handle: string,
  sandbox: Omit<OrdinarySandbox, "containerId">,
): CniRequest {
  const dot = handle.lastIndexOf(".");
  const request = ordinaryRequest({ ...sandbox, containerId: handle.slice(dot + 1) });
  return dot < 0 ? request : { ...request, handle };
}

/** One address of a CNI result, with the prefix length that the plugin prints. */
export interface CniAddress {
  readonly address: AddressNumber;
  readonly prefix: number;
  /** Block that it is from. */
  readonly block: Cidr | null;
}

/** Outcome of an ADD: addresses, or the text of the error. */
export interface CniAddResult {
  readonly kind: "add";
  readonly addresses: readonly CniAddress[];
  readonly error: string | null;
}

/** Outcome of a DEL. */
export interface CniDelResult {
  readonly kind: "del";
  readonly error: string | null;
  /** Whether the handle of the sandbox was there to be released. */
  readonly released: boolean;
}
