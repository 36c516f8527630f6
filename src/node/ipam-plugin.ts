import { apiCode } from "../datastore/simulated/api-request.js";
import { PlainRequests, type ProcessSteps, SUSPEND } from "../datastore/simulated/process-steps.js";
import { listPools } from "../datastore/request.js";
import type { Listed } from "../datastore/response.js";
import { addressBits, formatAddress, versionOf } from "../model/address.js";
import { CalicoError, textError } from "../model/calico-error.js";
import { Cidr } from "../model/cidr.js";
import { type HostReserved, WINDOWS_RESERVED_HANDLE } from "../model/block.js";
import type { Pool } from "../model/pool.js";
import {
  type AutoAssignArguments,
  type AutoAssignResult,
  type FamilyAssignment,
  partialFulfilmentText,
  takenCount,
} from "../protocol/auto-assign.js";
import type { Ipam } from "../protocol/ipam.js";
import type { ReleaseOption } from "../protocol/release-ips.js";
import type { Behaviours } from "../releases/behaviours.js";
import type { CniAddResult, CniAddress, CniDelResult, CniRequest } from "./cni-request.js";
import type { AnyProcess, HostLock } from "./host-lock.js";

/** Time that one ADD or DEL has, from when its timer starts. */
const COMMAND_US = 90_000_000;
/** Time of resolving the pools of one IP version, and of cleaning up, where these have their own. */
const STEP_US = 30_000_000;

/** What Windows nodes keep of each block (`ipam_plugin.go@v3.28.4`). */
export const WINDOWS_RESERVED: HostReserved = {
  startOfBlock: 3,
  endOfBlock: 1,
  handle: WINDOWS_RESERVED_HANDLE,
  note: "windows host rsvd",
};

const DISCOVERY = new PlainRequests(
  [apiCode("GET", "discovery"), apiCode("GET", "discovery")],
  (place) => (place === 0 ? "/api" : "/apis"),
  404,
);
const NAMESPACE_CODES = [apiCode("GET", "namespaces")];

/** Told how long a process waited for the node's lock, and how many were waiting with it. */
export interface LockWitness {
  lockAsked(process: AnyProcess): void;
  lockTaken(process: AnyProcess): void;
  lockGiven(process: AnyProcess): void;
}

/**
 * calico-ipam, the CNI plugin that asks for addresses, as each release does it
 * (`cni-plugin/pkg/ipamplugin/ipam_plugin.go` of that release): which timers run when, what is done under
 * the node's lock, and the texts of its errors. Virtual machines of KubeVirt (v3.32.0) are not modelled,
 * nor is the one-time upgrade of old affinities (v3.31.0), which calico-node has done before.
 */
export class IpamPlugin {
  constructor(
    private readonly release: Behaviours,
    private readonly ipam: Ipam,
    private readonly witness: LockWitness | null = null,
  ) {}

  /** The steps of an ADD. */
  *add(process: AnyProcess, lock: HostLock, request: CniRequest): ProcessSteps<CniAddResult> {
    const { release } = this;
    if (release.cniDiscovery) {
      const failed = yield DISCOVERY;
      if (failed instanceof CalicoError) return failure(failed.text);
    }
    if (release.cniAddTimer === "before the lock") startTimer(process, COMMAND_US);
    if (request.address !== null) return yield* this.#addGiven(process, lock, request);
    const pools4 = yield* this.#resolve(process, request.pools4, 4);
    if (pools4 instanceof CalicoError) return failure(pools4.text);
    const pools6 = yield* this.#resolve(process, request.pools6, 6);
    if (pools6 instanceof CalicoError) return failure(pools6.text);
    if (release.cniNamespaceGet) {
      const path = `/api/v1/namespaces/${request.namespace}`;
      const found = yield new PlainRequests(NAMESPACE_CODES, () => path);
      if (found instanceof CalicoError) {
        return failure(`failed to get namespace ${request.namespace}: ${found.text}`);
      }
    }
    yield* this.#lock(process, lock);
    if (release.cniAddTimer === "after the lock") startTimer(process, COMMAND_US);
    const args = autoAssignArguments(request, pools4, pools6);
    const result = yield* this.ipam.autoAssign(process, args);
    this.#unlock(process, lock);
    if (result.error !== null) return failure(result.error.text);
    yield* this.#cleanUp(process, request, result);
    return answer(request, result);
  }

  /** The steps of a DEL. */
  *del(process: AnyProcess, lock: HostLock, request: CniRequest): ProcessSteps<CniDelResult> {
    const { release } = this;
    if (release.cniDiscovery) {
      const failed = yield DISCOVERY;
      if (failed instanceof CalicoError) {
        return { kind: "del", error: failed.text, released: false };
      }
    }
    if (release.cniDelTimer === "before the lock") startTimer(process, COMMAND_US);
    yield* this.#lock(process, lock);
    if (release.cniDelTimer === "after the lock") startTimer(process, COMMAND_US);
    let error = yield* this.ipam.releaseByHandle(request.handle);
    const released = error === undefined;
    if (error === undefined || error.kind === "notFound") {
      // Installations of Calico v2 had handles of this form.
      error = yield* this.ipam.releaseByHandle(`${request.namespace}.${request.pod}`);
    }
    this.#unlock(process, lock);
    const isFine = error === undefined || error.kind === "notFound";
    return { kind: "del", error: isFine ? null : error!.text, released };
  }

  *#addGiven(process: AnyProcess, lock: HostLock, request: CniRequest): ProcessSteps<CniAddResult> {
    const address = request.address!;
    yield* this.#lock(process, lock);
    if (this.release.cniAddTimer === "after the lock") startTimer(process, COMMAND_US);
    const error = yield* this.ipam.assignIp(process, {
      address,
      handle: request.handle,
      attributes: attributesOf(request),
      host: request.node,
      hostReserved: null,
    });
    this.#unlock(process, lock);
    if (error !== undefined) return failure(error.text);
    const prefix = addressBits(versionOf(address));
    return { kind: "add", addresses: [{ address, prefix, block: null }], error: null };
  }

  *#lock(process: AnyProcess, lock: HostLock): ProcessSteps<void> {
    this.witness?.lockAsked(process);
    if (!lock.acquire(process)) yield SUSPEND;
    this.witness?.lockTaken(process);
  }

  #unlock(process: AnyProcess, lock: HostLock): void {
    lock.release(process);
    this.witness?.lockGiven(process);
  }

  /** Turns pool names into cidrs (`ResolvePools`, cni-plugin/internal/pkg/utils/utils.go@v3.28.4). */
  *#resolve(
    process: AnyProcess,
    wanted: readonly string[],
    version: 4 | 6,
  ): ProcessSteps<readonly Cidr[] | CalicoError> {
    const { release } = this;
    if (wanted.length === 0 && release.cniPoolLists === "when pools are asked for") return [];
    const outerUs = process.deadlineUs;
    if (release.cniStepDeadlines === "30 s each") startTimer(process, STEP_US);
    const listed = (yield listPools("caller")) as Listed<Pool>;
    process.deadlineUs = outerUs;
    if (listed instanceof CalicoError) return listed;
    const cidrs: Cidr[] = [];
    for (const entry of wanted) {
      const cidr =
        (entry.includes("/") ? Cidr.parse(entry) : undefined) ??
        listed.find((pool) => pool.name === entry)?.cidr;
      if (cidr === undefined) {
        return textError(`error parsing pool "${entry}": invalid CIDR address: ${entry}`);
      }
      if (cidr.version !== version) {
        return textError(`"${formatAddress(cidr.base)}" isn't a IPv${version} address`);
      }
      cidrs.push(cidr);
    }
    return cidrs;
  }

  /** When only one of two families was served, its addresses are given back; errors are logged only. */
  *#cleanUp(
    process: AnyProcess,
    request: CniRequest,
    { v4, v6 }: AutoAssignResult,
  ): ProcessSteps<void> {
    if (!request.wantsIpv4 || !request.wantsIpv6 || v4 === null || v6 === null) return;
    const [short, served] = takenCount(v4) < v4.wanted ? [v4, v6] : [v6, v4];
    if (takenCount(short) >= short.wanted || takenCount(served) === 0) return;
    if (this.release.cniStepDeadlines === "30 s each") startTimer(process, STEP_US);
    const options: ReleaseOption[] = addressesOf(served).map(({ address }) => ({
      address: formatAddress(address),
    }));
    yield* this.ipam.releaseIps(process, options);
  }
}

function startTimer(process: AnyProcess, durationUs: number): void {
  process.deadlineUs = process.nowUs + durationUs;
}

function failure(error: string): CniAddResult {
  return { kind: "add", addresses: [], error };
}

function attributesOf(request: CniRequest): Record<string, string> {
  return { namespace: request.namespace, node: request.node, pod: request.pod };
}

function autoAssignArguments(
  request: CniRequest,
  pools4: readonly Cidr[],
  pools6: readonly Cidr[],
): AutoAssignArguments {
  return {
    num4: request.wantsIpv4 ? 1 : 0,
    num6: request.wantsIpv6 ? 1 : 0,
    handle: request.handle,
    attributes: attributesOf(request),
    host: request.node,
    pools4,
    pools6,
    maxBlocksPerHost: request.singleBlock ? 1 : 0,
    reserved4: request.windows ? WINDOWS_RESERVED : null,
    reserved6: null,
    use: "Workload",
    namespaceLabels: request.namespaceLabels,
  };
}

function addressesOf({ taken }: FamilyAssignment): CniAddress[] {
  const addresses: CniAddress[] = [];
  for (const { block, ordinals } of taken) {
    for (const ordinal of ordinals) {
      addresses.push({ address: block.addressAt(ordinal), prefix: block.prefix, block });
    }
  }
  return addresses;
}

function answer(request: CniRequest, { v4, v6 }: AutoAssignResult): CniAddResult {
  const addresses: CniAddress[] = [];
  for (const [family, isWanted] of [
    [v4, request.wantsIpv4],
    [v6, request.wantsIpv6],
  ] as const) {
    if (!isWanted || family === null) continue;
    const missing = partialFulfilmentText(family);
    if (missing !== undefined) {
      return failure(`failed to request IPv${family.version} addresses: ${missing}`);
    }
    addresses.push(...addressesOf(family));
  }
  return { kind: "add", addresses, error: null };
}
