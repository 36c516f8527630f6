import type { ClusterInformation, ObjectIdentity } from "../formats/cluster/cluster-dump.js";
import { type ExactJson, exactJson } from "../formats/exact-json.js";
import type { AddressCheck, Allocation } from "../inspection/address-check.js";

/** Go's encoder also escapes what HTML could take for its own. */
function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Without the members whose text is empty. */
function filled(members: Readonly<Record<string, string>>): Record<string, ExactJson> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== ""));
}

function reverseBits(byte: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit++) reversed |= ((byte >> bit) & 1) << (7 - bit);
  return reversed;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Bytes of a UUID that tell its version and variant. */
const KEPT_BYTES = [6, 8];

/**
 * The UID that Calico's code sees of an object in `crd.projectcalico.org/v1`: the bits of each byte
 * are reversed but for the two that tell what kind of UUID it is
 * (`libcalico-go/lib/backend/k8s/conversion/conversion.go@v3.28.4`).
 */
function calicoUid({ apiVersion, uid }: ObjectIdentity): string | null {
  if (uid === null || !UUID.test(uid) || !apiVersion.startsWith("crd.")) return uid;
  let index = 0;
  return uid.replace(/[0-9a-f]{2}/gi, (pair) => {
    if (KEPT_BYTES.includes(index++)) return pair.toLowerCase();
    return reverseBits(Number.parseInt(pair, 16)).toString(16).padStart(2, "0");
  });
}

function allocationEntry(allocation: Allocation): ExactJson {
  const { address, attribute, sequenceNumber, node, owners } = allocation;
  const facts = attribute.secondary ?? {};
  return {
    ip: address,
    ...filled({ handle: allocation.isWindowsReserved ? "" : (attribute.handle ?? "") }),
    sequenceNumber,
    ...filled({
      pod: facts["pod"] ?? "",
      namespace: facts["namespace"] ?? "",
      node,
      type: facts["type"] ?? "",
      creationTimestamp: facts["timestamp"] ?? "",
    }),
    inUse: owners.length > 0,
    ...(allocation.isBorrowed ? { borrowed: true } : {}),
    owners: owners.length > 0 ? owners : null,
  };
}

/**
 * The report that `calicoctl ipam check -o` of v3.28.4 writes and `calicoctl ipam release
 * --from-report` reads (`calicoctl/calicoctl/commands/ipam/check.go@v3.28.4`). Its head comes from the
 * ClusterInformation object and is empty where the dump has none.
 *
 * @param version of the calicoctl that shall read it.
 */
export function formatCheckReport(
  check: AddressCheck,
  cluster: ClusterInformation | undefined,
  version: string,
): string {
  const { allocations, leakedHandles } = check;
  const addresses = [...allocations.keys()].sort();
  const report: ExactJson = {
    version,
    clusterGUID: cluster?.guid ?? "",
    datastoreLocked: cluster?.isDatastoreLocked ?? false,
    clusterInformationRevision: cluster?.resourceVersion ?? "",
    clusterType: cluster?.type ?? "",
    allocations: Object.fromEntries(
      addresses.map((address) => [address, allocations.get(address)!.map(allocationEntry)]),
    ),
    ...(leakedHandles.length === 0
      ? {}
      : {
          leakedHandles: leakedHandles.map(({ object, value }) => {
            return { ID: value.id, UID: calicoUid(object), Revision: object.resourceVersion };
          }),
        }),
  };
  return exactJson(report, "lines", quote);
}
