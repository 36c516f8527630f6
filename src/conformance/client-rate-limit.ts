import { recordedPool } from "./recorded-pool.js";
import { plainAssignment } from "../protocol/plain-assignment.js";
import { ClientProcess, type ProcessOwner } from "../datastore/simulated/client-process.js";
import { DEFAULT_RATE_LIMIT } from "../datastore/simulated/token-bucket.js";
import { FieldReader, UnreadableField } from "../formats/golden/field-reader.js";
import type { JsonObject } from "../formats/golden/trace-line.js";
import { formatAddress, parseAddress } from "../model/address.js";
import { newBlock, withAllocated } from "../model/block.js";
import { BlockGeometry } from "../model/block-walk.js";
import { Cidr } from "../model/cidr.js";
import { FreeList } from "../model/free-list.js";
import { DEFAULT_IPAM_CONFIG } from "../model/ipam-config.js";
import { type AutoAssignResult, partialFulfilmentText } from "../protocol/auto-assign.js";
import type { Behaviours } from "../releases/behaviours.js";
import { type Difference, isSame } from "./difference.js";
import type { ConformTally } from "./report.js";
import { TimedWorld } from "./timed-world.js";

/** The recorded client's host: its walks end at the addresses that the recording shows. */
const HOST = "x";
const POOL_BASE = "10.50.0.0";
const BLOCK_SIZE = 30;

/** What an unthrottled read took on the recording machine: 265 ms for 71 of them. */
const READ_US = 3_700;
/** And a write: one read and two writes more took 82 ms more. */
const WRITE_US = 39_000;

/** How far the elapsed time may be from the recorded one, as a share. */
const TOLERANCE = 0.1;

/** One AutoAssign of a new client with the default limits, in simulated time. */
class LimitedClient implements ProcessOwner<AutoAssignResult> {
  result: AutoAssignResult | undefined;

  processEnded(_process: ClientProcess<AutoAssignResult>, result: AutoAssignResult): void {
    this.result = result;
  }
}

/** Blocks of another host, all full but for one address if one is given. */
function fill(world: TimedWorld, geometry: BlockGeometry, free: string): void {
  const owner = { type: "host", host: "owner" } as const;
  const address = parseAddress(free);
  const lastOfWalk = geometry.walk(HOST, () => 0).at(Number(geometry.blockCount) - 1)!;
  for (let i = 0; i < Number(geometry.blockCount); i++) {
    const cidr = geometry.blockAt(i);
    const empty = newBlock(cidr, owner, null, 0n, null);
    const kept =
      address !== undefined && cidr.text === lastOfWalk.text ? cidr.ordinalOf(address) : undefined;
    const ordinals = Array.from({ length: cidr.size }, (_, ordinal) => ordinal);
    const taken = ordinals.filter((ordinal) => ordinal !== kept);
    const left = FreeList.of(kept === undefined ? [] : [kept]);
    const attribute = { handle: "filler", secondary: null };
    world.datastore.setBlock(withAllocated(empty, taken, left, attribute));
    world.datastore.setAffinity({ ...owner, cidr, state: "confirmed" });
  }
}

/**
 * Replays one case of the recorded client limits: an AutoAssign that walks over full blocks with five
 * requests a second after a burst of 100. Requests and outcome must be equal, the time within 10 %.
 *
 * @throws UnreadableField when the row lacks a field.
 */
export function compareRateLimit(
  line: number,
  release: Behaviours,
  row: JsonObject,
  tally: ConformTally,
): Difference | undefined {
  const field = new FieldReader(row);
  const blocks = field.number("blocks");
  const prefix = BLOCK_SIZE - Math.log2(blocks);
  if (!Number.isInteger(prefix) || prefix < 0) {
    throw new UnreadableField(`blocks: expected a power of two, found ${blocks}`);
  }
  const pool = Cidr.of(`${POOL_BASE}/${prefix}`);
  const geometry = new BlockGeometry(pool, BLOCK_SIZE);
  const world = new TimedWorld(release, READ_US, WRITE_US);
  const { datastore } = world;
  datastore.setConfig(DEFAULT_IPAM_CONFIG);
  datastore.setNode({ name: HOST, labels: {} });
  datastore.setPool(recordedPool(pool, BLOCK_SIZE));
  fill(world, geometry, freeAddressOf(field, geometry));

  const client = new LimitedClient();
  const process = new ClientProcess<AutoAssignResult>(
    world.surroundings,
    client,
    DEFAULT_RATE_LIMIT,
  );
  process.deadlineUs = field.number("timeoutMs") * 1000;
  process.start(
    world.ipam.autoAssign(
      process,
      plainAssignment({
        num4: 1,
        num6: 0,
        handle: "limited",
        attributes: null,
        host: HOST,
      }),
    ),
  );
  world.kernel.run(Infinity);

  const subject = `${blocks} blocks, ${field.text("case")}`;
  const expected = { requests: row["requests"] ?? null, result: row["result"] ?? null };
  const actual = { requests: process.requests, result: shown(client.result) };
  if (!isSame(expected, actual)) return { line, what: "outcome", subject, expected, actual };
  const elapsedMs = field.number("elapsedMs");
  const simulatedMs = world.kernel.nowUs / 1000;
  if (Math.abs(simulatedMs - elapsedMs) > TOLERANCE * elapsedMs) {
    return { line, what: "elapsedMs", subject, expected: elapsedMs, actual: simulatedMs };
  }
  tally.operations++;
  tally.calls += process.requests;
  return undefined;
}

/** The one free address: the recorded result, or in a block that was never reached any. */
function freeAddressOf(field: FieldReader, geometry: BlockGeometry): string {
  if (!field.text("case").startsWith("one free address")) return "";
  const ip = field.child("result")?.child("v4")?.texts("ips")[0];
  if (ip !== undefined) return ip.split("/")[0]!;
  const last = geometry.walk(HOST, () => 0).at(Number(geometry.blockCount) - 1)!;
  return formatAddress(last.base);
}

function shown(result: AutoAssignResult | undefined): JsonObject {
  const v4 = result?.v4 ?? null;
  if (v4 === null) return { error: result?.error?.text ?? "did not end" };
  const ips = v4.taken.flatMap(({ block, ordinals }) =>
    ordinals.map((ordinal) => `${formatAddress(block.addressAt(ordinal))}/${block.prefix}`),
  );
  const partial = partialFulfilmentText(v4);
  const messages = v4.messages.length > 0 ? { msgs: v4.messages } : {};
  return { v4: { ips, ...messages, ...(partial !== undefined && { partial }) } };
}
