import { applyConfig, createConfig, getConfig, Sleep } from "../datastore/request.js";
import type { Found } from "../datastore/response.js";
import { CalicoError, textError } from "../model/calico-error.js";
import { DEFAULT_IPAM_CONFIG, type IpamConfig } from "../model/ipam-config.js";
import type { CallContext, Environment, Steps } from "./environment.js";

const CONFIG_ROUNDS = 4;

/**
 * Reads the IPAM configuration; the first reader creates it
 * (`getIPAMConfig`, libcalico-go/lib/ipam/ipam.go@v3.28.4).
 */
export function* readConfig(
  env: Environment,
  context: CallContext,
): Steps<IpamConfig | CalicoError> {
  let config: IpamConfig | CalicoError | undefined = context.ended();
  if (config === undefined) {
    const found = (yield getConfig()) as Found<IpamConfig>;
    if (!(found instanceof CalicoError)) config = found.value;
    else config = found.kind === "notFound" ? yield* createOrReread(env, context) : found;
  }
  if (config instanceof CalicoError) return config;
  if (context.windows && !config.strictAffinity) {
    return textError("global strict affinity should not be false for Windows node");
  }
  return config;
}

/** Creates the missing configuration, or reads the one that another client was faster to create. */
function* createOrReread(env: Environment, context: CallContext): Steps<IpamConfig | CalicoError> {
  for (let round = 0; round < CONFIG_ROUNDS; round++) {
    if (round > 0) {
      const ended = context.ended();
      if (ended !== undefined) return ended;
      const found = (yield getConfig()) as Found<IpamConfig>;
      if (!(found instanceof CalicoError)) return found.value;
      if (found.kind !== "notFound") return found;
    }
    const defaults: IpamConfig = env.release.kubeVirtConfigField
      ? { ...DEFAULT_IPAM_CONFIG, kubeVirtVmAddressPersistence: "Enabled" }
      : DEFAULT_IPAM_CONFIG;
    const created = (yield createConfig(defaults)) as Found<IpamConfig>;
    if (!(created instanceof CalicoError)) return created.value;
    if (created.kind !== "exists") return created;
    yield new Sleep(1000);
  }
  return textError("failed to get ipam config after 5 retries");
}

function sameConfig(env: Environment, a: IpamConfig, b: IpamConfig): boolean {
  if (a.strictAffinity !== b.strictAffinity) return false;
  if (a.autoAllocateBlocks !== b.autoAllocateBlocks) return false;
  if (a.maxBlocksPerHost !== b.maxBlocksPerHost) return false;
  // The library compares pointers here, so two set fields never compare as equal.
  return !env.release.kubeVirtConfigField || a.kubeVirtVmAddressPersistence === undefined;
}

/**
 * Sets the configuration (`SetIPAMConfig`, libcalico-go/lib/ipam/ipam.go@v3.28.4). Addresses that are
 * already assigned do not prevent it.
 *
 * @returns the error, or undefined when the wish was met.
 */
export function* setConfig(
  env: Environment,
  context: CallContext,
  wish: IpamConfig,
): Steps<CalicoError | undefined> {
  const current = yield* readConfig(env, context);
  if (current instanceof CalicoError) return current;
  if (sameConfig(env, current, wish)) return undefined;
  if (!wish.strictAffinity && !wish.autoAllocateBlocks) {
    return textError("Cannot disable 'StrictAffinity' and 'AutoAllocateBlocks' at the same time");
  }
  if (wish.maxBlocksPerHost > 0 && !wish.strictAffinity) {
    return textError("MaxBlocksPerHost requires StrictAffinity to be enabled");
  }
  const before = (yield getConfig()) as Found<IpamConfig>;
  if (before instanceof CalicoError) return before;
  const applied = (yield applyConfig(wish)) as Found<IpamConfig>;
  return applied instanceof CalicoError ? applied : undefined;
}
