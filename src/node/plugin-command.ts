import { apiCode } from "../datastore/simulated/api-request.js";
import { PlainRequests, type ProcessSteps } from "../datastore/simulated/process-steps.js";
import { CalicoError } from "../model/calico-error.js";
import { Sleep } from "../datastore/request.js";
import type { CniAddResult, CniDelResult, CniRequest } from "./cni-request.js";
import type { AnyProcess, HostLock } from "./host-lock.js";
import type { IpamPlugin } from "./ipam-plugin.js";
import type { NetworkMutex } from "./network-mutex.js";
import type { NodeSettings } from "./node-settings.js";

/** What one run of the plugin works with. */
export interface CommandSurroundings {
  readonly settings: NodeSettings;
  readonly plugin: IpamPlugin;
  readonly lock: HostLock;
  readonly mutex: NetworkMutex;
}

const READY = apiCode("GET", "clusterinformations");
const POD = apiCode("GET", "pods");
const NAMESPACE = apiCode("GET", "namespaces");
const POD_PATCH = apiCode("PATCH", "pods");

const BEFORE_ADD = [READY, POD, NAMESPACE, POD];
const AFTER_ADD = [POD_PATCH];
const BEFORE_DEL = [READY, POD, POD_PATCH];

/** Base path of Calico's objects. */
const CALICO = "/apis/crd.projectcalico.org/v1";

function requests(codes: readonly number[], pod: CniRequest): PlainRequests {
  return new PlainRequests(codes, (place) => {
    const code = codes[place];
    if (code === READY) return `${CALICO}/clusterinformations/default`;
    const namespace = `/api/v1/namespaces/${pod.namespace}`;
    return code === NAMESPACE ? namespace : `${namespace}/pods/${pod.pod}`;
  });
}

/**
 * `calico` ADD: what it asks the API server before and after it runs `calico-ipam`, with clients
 * without a timer (`cni-plugin/pkg/plugin/plugin.go`, `cni-plugin/pkg/k8s/k8s.go@v3.28.4`).
 */
export function* addCommand(
  process: AnyProcess,
  { settings, plugin, lock, mutex }: CommandSurroundings,
  request: CniRequest,
): ProcessSteps<CniAddResult> {
  const before = yield requests(BEFORE_ADD, request);
  if (before instanceof CalicoError) return failure(readyText(before));
  yield new Sleep(settings.processStartUs / 1000);
  const result = yield* plugin.add(process, lock, request);
  if (result.error !== null) return result;
  const refusal = yield* setUpNetwork(process, settings, mutex);
  const written = refusal ?? (yield requests(AFTER_ADD, request));
  if (!(written instanceof CalicoError) && typeof written !== "string") return result;
  // A failure after IPAM gives the addresses back from inside the ADD.
  yield new Sleep(settings.processStartUs / 1000);
  yield* plugin.del(process, lock, request);
  return failure(typeof written === "string" ? written : written.text);
}

/** `calico` DEL: the workload endpoint is removed first, then `calico-ipam` runs in every case. */
export function* delCommand(
  process: AnyProcess,
  { settings, plugin, lock }: CommandSurroundings,
  request: CniRequest,
): ProcessSteps<CniDelResult> {
  const before = yield requests(BEFORE_DEL, request);
  if (before instanceof CalicoError) {
    return { kind: "del", error: readyText(before), released: false };
  }
  yield new Sleep(settings.processStartUs / 1000);
  return yield* plugin.del(process, lock, request);
}

function failure(error: string): CniAddResult {
  return { kind: "add", addresses: [], error };
}

function readyText(error: CalicoError): string {
  return `error getting ClusterInformation: ${error.text}`;
}

/** Sets up the interface; on Windows one process of the node at a time. The text when that fails. */
function* setUpNetwork(
  process: AnyProcess,
  settings: NodeSettings,
  mutex: NetworkMutex,
): ProcessSteps<string | undefined> {
  const { windows, networkSetupUs } = settings;
  if (windows && !(yield* mutex.acquire(process))) return "timeout acquiring mutex";
  if (networkSetupUs > 0) yield new Sleep(networkSetupUs / 1000);
  if (windows) mutex.release(process);
  return undefined;
}
