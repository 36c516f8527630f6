import { recordedPool } from "./recorded-pool.js";
import {
  ClientProcess,
  type ProcessOwner,
  type ProcessWitness,
} from "../datastore/simulated/client-process.js";
import type { ProcessSteps } from "../datastore/simulated/process-steps.js";
import { DEFAULT_RATE_LIMIT } from "../datastore/simulated/token-bucket.js";
import { FieldReader, UnreadableField } from "../formats/golden/field-reader.js";
import type { Json, JsonObject, TraceCall } from "../formats/golden/trace-line.js";
import { formatAddress, parseAddress } from "../model/address.js";
import { Cidr } from "../model/cidr.js";
import {
  type CniAddResult,
  type CniDelResult,
  type CniRequest,
  ordinaryRequest,
} from "../node/cni-request.js";
import { HostLock } from "../node/host-lock.js";
import { IpamPlugin } from "../node/ipam-plugin.js";
import type { Behaviours } from "../releases/behaviours.js";
import { type Difference, isSame } from "./difference.js";
import type { ConformTally } from "./report.js";
import { TimedWorld } from "./timed-world.js";

/** The cluster of the recorded sequences: one node, one small pool. */
const NODE = "node-a";
const POOL = Cidr.of("10.77.0.0/29");
const BLOCK_SIZE = 30;

/** Code of a CNI error without one of its own. */
const CNI_ERROR_CODE = 999;

type Result = CniAddResult | CniDelResult;

/** Replays calls of the real plugin one after the other: requests, output and exit code of each. */
export class CniSequenceReplay implements ProcessOwner<Result>, ProcessWitness {
  readonly #world: TimedWorld;
  readonly #lock: HostLock;
  readonly #plugin: IpamPlugin;
  #requests: Json[] = [];
  #result: Result | undefined;

  constructor(
    private readonly release: Behaviours,
    private readonly tally: ConformTally,
  ) {
    this.#world = new TimedWorld(release, 1000);
    const { datastore } = this.#world;
    datastore.setNode({ name: NODE, labels: {} });
    datastore.setPool(recordedPool(POOL, BLOCK_SIZE));
    this.#lock = new HostLock(this.#world.kernel, () => 0);
    this.#plugin = new IpamPlugin(release, this.#world.ipam);
  }

  processEnded(_process: ClientProcess<Result>, result: Result): void {
    this.#result = result;
  }

  request(
    _process: ClientProcess<unknown>,
    method: string,
    path: string,
    status: number | string,
  ): void {
    this.#requests.push([method, path, status]);
  }

  /** @throws UnreadableField when the row is not a recorded call. */
  perform(line: number, row: JsonObject): Difference | undefined {
    const call = new FieldReader(row);
    const command = call.text("cmd");
    const request = requestOf(call);
    this.#requests = [];
    this.#result = undefined;
    const process = new ClientProcess<Result>(
      this.#world.surroundings,
      this,
      DEFAULT_RATE_LIMIT,
      false,
      this,
    );
    process.start(this.#stepsOf(command, process, request));
    this.#world.kernel.run(Infinity);
    const operation = this.tally.operations + 1;
    const subject = `${command} ${request.pod} ${request.containerId}`;
    const expectedCalls = row["requests"] as unknown as readonly TraceCall[];
    if (!isSame(expectedCalls, this.#requests)) {
      const actual = this.#requests;
      return { line, operation, what: "calls", subject, expected: expectedCalls, actual };
    }
    const expected = { rc: row["rc"] ?? null, stdout: row["stdout"] ?? null };
    const actual = this.#output();
    if (!isSame(expected, actual)) {
      return { line, operation, what: "output", subject, expected, actual };
    }
    this.tally.operations++;
    this.tally.calls += expectedCalls.length;
    return undefined;
  }

  #stepsOf(
    command: string,
    process: ClientProcess<Result>,
    request: CniRequest,
  ): ProcessSteps<Result> {
    const any = process as ClientProcess<unknown>;
    if (command === "ADD") return this.#plugin.add(any, this.#lock, request);
    if (command === "DEL") return this.#plugin.del(any, this.#lock, request);
    throw new UnreadableField(`cmd: expected "ADD" or "DEL", found "${command}"`);
  }

  #output(): JsonObject {
    const result = this.#result;
    if (result === undefined) return { rc: "the plugin did not end", stdout: null };
    if (result.error !== null) {
      return { rc: 1, stdout: { code: CNI_ERROR_CODE, msg: result.error } };
    }
    if (result.kind === "del") return { rc: 0, stdout: null };
    const networks = result.addresses.map(
      ({ address, prefix }) => `${formatAddress(address)}/${prefix}`,
    );
    const ips = networks.map((address, i) => ({
      version: typeof result.addresses[i]!.address === "number" ? "4" : "6",
      address,
    }));
    const routes = this.release.cniResultRoutes ? { routes: networks.map((dst) => ({ dst })) } : {};
    return { rc: 0, stdout: { cniVersion: "0.3.1", ips, ...routes, dns: {} } };
  }
}

function requestOf(call: FieldReader): CniRequest {
  const options = call.child("ipam");
  const given = call.text("ip");
  const ordinary = ordinaryRequest({
    containerId: call.text("containerID"),
    pod: call.text("pod"),
    namespace: "default",
    node: NODE,
    wantsIpv4: options?.text("assign_ipv4") !== "false",
    wantsIpv6: options?.text("assign_ipv6") === "true",
  });
  return {
    ...ordinary,
    pools4: options?.texts("ipv4_pools") ?? [],
    pools6: options?.texts("ipv6_pools") ?? [],
    address: given === "" ? null : (parseAddress(given) ?? null),
  };
}
