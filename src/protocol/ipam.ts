import { LockRequest } from "../datastore/request.js";
import type { AddressNumber } from "../model/address.js";
import type { Block } from "../model/block.js";
import type { Cidr } from "../model/cidr.js";
import type { IpamConfig } from "../model/ipam-config.js";
import { type AssignIpArguments, assignIp } from "./assign-ip.js";
import { type AutoAssignArguments, autoAssign } from "./auto-assign.js";
import { claimAffinity, releaseCidrAffinity } from "./claim-affinity.js";
import { readConfig, setConfig } from "./config.js";
import { type EnsureBlockArguments, ensureBlock } from "./ensure-block.js";
import type { CallContext, Environment, Steps } from "./environment.js";
import {
  releaseBlockAffinity,
  releaseHostAffinities,
  releasePoolAffinities,
  removeIpamHost,
} from "./host-affinities.js";
import { assignmentAttributes, ipsByHandle } from "./lookups.js";
import { releaseByHandle } from "./release-by-handle.js";
import { type ReleaseOption, releaseIps } from "./release-ips.js";
import { utilization } from "./utilization.js";

/** Holds the one allocation lock of the `pre-3.28.4` profile around a whole operation. */
function* underLock<T>(operation: () => Steps<T>): Steps<T> {
  yield new LockRequest("acquire");
  const result = yield* operation();
  yield new LockRequest("release");
  return result;
}

/**
 * Calico's IPAM library: one method an operation of its interface
 * (`libcalico-go/lib/ipam/interface.go@v3.28.4`). Each returns the operation's steps; a driver
 * performs them. Nothing happens until the first step is asked for.
 */
export class Ipam {
  constructor(readonly env: Environment) {}

  autoAssign(context: CallContext, args: AutoAssignArguments) {
    return this.#changing(() => autoAssign(this.env, context, args));
  }

  assignIp(context: CallContext, args: AssignIpArguments) {
    return this.#changing(() => assignIp(this.env, context, args));
  }

  releaseIps(context: CallContext, options: readonly ReleaseOption[]) {
    return this.#changing(() => releaseIps(this.env, context, options));
  }

  releaseByHandle(handle: string) {
    return this.#changing(() => releaseByHandle(this.env, handle));
  }

  claimAffinity(context: CallContext, cidr: Cidr, host: string) {
    return this.#changing(() => claimAffinity(this.env, context, cidr, host));
  }

  releaseAffinity(cidr: Cidr, host: string, mustBeEmpty: boolean) {
    return this.#changing(() => releaseCidrAffinity(this.env, cidr, host, mustBeEmpty));
  }

  releaseBlockAffinity(block: Block, mustBeEmpty: boolean) {
    return this.#changing(() => releaseBlockAffinity(this.env, block, mustBeEmpty));
  }

  releaseHostAffinities(host: string, mustBeEmpty: boolean) {
    return this.#changing(() => releaseHostAffinities(this.env, host, mustBeEmpty));
  }

  releasePoolAffinities(pool: Cidr) {
    return this.#changing(() => releasePoolAffinities(this.env, pool));
  }

  removeIpamHost(host: string) {
    return this.#changing(() => removeIpamHost(this.env, host));
  }

  ensureBlock(context: CallContext, args: EnsureBlockArguments) {
    return this.#changing(() => ensureBlock(this.env, context, args));
  }

  ipsByHandle(handle: string) {
    return ipsByHandle(this.env, handle);
  }

  assignmentAttributes(address: AddressNumber) {
    return assignmentAttributes(this.env, address);
  }

  config(context: CallContext) {
    return readConfig(this.env, context);
  }

  setConfig(context: CallContext, wish: IpamConfig) {
    return setConfig(this.env, context, wish);
  }

  utilization(wanted: readonly string[]) {
    return utilization(this.env, wanted);
  }

  #changing<T>(operation: () => Steps<T>): Steps<T> {
    return this.env.release.coarseAllocationLock ? underLock(operation) : operation();
  }
}
