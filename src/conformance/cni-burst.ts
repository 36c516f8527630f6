import { recordedPool } from "./recorded-pool.js";
import { ClientProcess, type ProcessOwner } from "../datastore/simulated/client-process.js";
import { DEFAULT_RATE_LIMIT } from "../datastore/simulated/token-bucket.js";
import { FieldReader } from "../formats/golden/field-reader.js";
import type { Json, JsonObject } from "../formats/golden/trace-line.js";
import { Cidr } from "../model/cidr.js";
import { type CniAddResult, type CniRequest, ordinaryRequest } from "../node/cni-request.js";
import { HostLock } from "../node/host-lock.js";
import { IpamPlugin } from "../node/ipam-plugin.js";
import type { Behaviours } from "../releases/behaviours.js";
import { countHandleLeaks } from "../simulation/checks/state-check.js";
import type { Activity } from "../simulation/kernel.js";
import type { Difference } from "./difference.js";
import type { ConformTally } from "./report.js";
import { TimedWorld } from "./timed-world.js";

/** The cluster of the recorded bursts. */
const NODE = "node-a";
const POOL = Cidr.of("10.78.0.0/16");
const BLOCK_SIZE = 26;
const ARRIVAL_US = 30_000;

/**
 * What the recording machine added, the same for every burst: starting a process, and working on a
 * request beyond the delay that was set. The recordings bound the second: between 7.85 and 8.41 ms
 * an ADD ends where all three of them say.
 */
const PROCESS_START_US = 50_000;
const REQUEST_WORK_US = 8_100;

/** How far a duration and the number of requests may be from the recorded ones, as a share. */
const TOLERANCE = 0.05;

/** One ADD of the burst, started by the kernel at its time. */
class BurstAdd implements Activity, ProcessOwner<CniAddResult> {
  durationUs = -1;
  result: CniAddResult | undefined;
  #process: ClientProcess<CniAddResult> | undefined;
  #isForked = false;

  constructor(
    private readonly world: TimedWorld,
    private readonly plugin: IpamPlugin,
    private readonly lock: HostLock,
    private readonly number: number,
  ) {
    world.kernel.schedule(this.#startUs, this);
  }

  get #startUs(): number {
    return this.number * ARRIVAL_US;
  }

  get requests(): number {
    return this.#process?.requests ?? 0;
  }

  wake(): void {
    const { kernel, surroundings } = this.world;
    if (!this.#isForked) {
      this.#isForked = true;
      kernel.schedule(kernel.nowUs + PROCESS_START_US, this);
      return;
    }
    this.#process = new ClientProcess<CniAddResult>(surroundings, this, DEFAULT_RATE_LIMIT);
    const any = this.#process as ClientProcess<unknown>;
    this.#process.start(this.plugin.add(any, this.lock, burstRequest(this.number)));
  }

  processEnded(_process: ClientProcess<CniAddResult>, result: CniAddResult): void {
    this.result = result;
    this.durationUs = this.world.kernel.nowUs - this.#startUs;
  }
}

function burstRequest(number: number): CniRequest {
  return ordinaryRequest({
    containerId: `burst-${number}`,
    pod: `pod-${number}`,
    namespace: "default",
    node: NODE,
  });
}

/**
 * Replays a burst of the real plugin in simulated time: many processes on one node that wait for its
 * lock while every request is delayed. Outcomes and the state after it must be equal; durations and
 * the number of requests may be 5 % off. Of error texts, each recorded kind must occur and no other:
 * which of two neighbours loses a race of milliseconds is not part of the model.
 */
export function compareBurst(
  release: Behaviours,
  recorded: JsonObject,
  tally: ConformTally,
): Difference | undefined {
  const field = new FieldReader(recorded);
  const count = field.number("adds");
  const delayUs = field.number("requestDelayMs") * 1000;
  const world = new TimedWorld(release, delayUs + REQUEST_WORK_US);
  world.datastore.setNode({ name: NODE, labels: {} });
  world.datastore.setPool(recordedPool(POOL, BLOCK_SIZE));
  const lock = new HostLock(world.kernel, () => 0);
  const plugin = new IpamPlugin(release, world.ipam);
  const adds = Array.from({ length: count }, (_, i) => new BurstAdd(world, plugin, lock, i));
  world.kernel.run(Infinity);
  tally.operations += count;
  tally.calls += adds.reduce((sum, add) => sum + add.requests, 0);
  return compare(recorded, summarise(world, adds));
}

interface BurstSummary {
  readonly exact: JsonObject;
  readonly successSeconds: readonly number[];
  readonly failSeconds: readonly number[];
  readonly requests: number;
}

function summarise(world: TimedWorld, adds: readonly BurstAdd[]): BurstSummary {
  const seconds = (isWanted: (add: BurstAdd) => boolean) =>
    adds
      .filter(isWanted)
      .map((add) => add.durationUs / 1e6)
      .sort((a, b) => a - b);
  const successSeconds = seconds((add) => add.result?.error === null);
  const failSeconds = seconds((add) => add.result?.error !== null);
  let addressesAllocated = 0;
  for (const { value } of world.datastore.listBlocks()) addressesAllocated += value.allocatedCount;
  const leaks = countHandleLeaks(world.datastore);
  return {
    exact: {
      succeeded: successSeconds.length,
      failed: failSeconds.length,
      errors: [...new Set(adds.flatMap((add) => add.result?.error ?? []))].sort(),
      handles: world.datastore.handleCount,
      addressesAllocated,
      handlesWithoutAddress: leaks.overstated,
      addressesWithoutHandle: leaks.understated,
    },
    successSeconds,
    failSeconds,
    requests: adds.reduce((sum, add) => sum + add.requests, 0),
  };
}

/** One process of a recording met its expired deadline in a list; see `compareBurst`. */
const RACE_TEXT = "failed to look up reserved IPs: context deadline exceeded";

function compare(recorded: JsonObject, actual: BurstSummary): Difference | undefined {
  const difference = (what: string, expected: Json, found: Json): Difference => ({
    line: 1,
    what,
    subject: `burst of ${new FieldReader(recorded).number("adds")} ADDs`,
    expected,
    actual: found,
  });
  const errors = Object.keys((recorded["errors"] ?? {}) as JsonObject);
  const expectedExact: Record<string, Json> = {};
  for (const key of Object.keys(actual.exact)) expectedExact[key] = recorded[key] ?? null;
  expectedExact["errors"] = errors.filter((text) => text !== RACE_TEXT).sort();
  if (JSON.stringify(expectedExact) !== JSON.stringify(actual.exact)) {
    return difference("outcome", expectedExact, actual.exact);
  }
  for (const name of ["successSeconds", "failSeconds"] as const) {
    const expected = recorded[name] as unknown as readonly number[];
    const far = expected.findIndex((seconds, i) => !isNear(seconds, actual[name][i]!));
    if (far >= 0) {
      return difference(`${name}[${far}]`, expected[far]!, actual[name][far]!);
    }
  }
  const requests = recorded["requests"] as number;
  if (!isNear(requests, actual.requests)) {
    return difference("requests", requests, actual.requests);
  }
  return undefined;
}

function isNear(expected: number, actual: number): boolean {
  return Math.abs(actual - expected) <= TOLERANCE * expected;
}
