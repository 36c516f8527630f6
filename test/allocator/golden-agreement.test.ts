import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ReplayWorld } from "../../src/conformance/world.js";
import { Unsupported } from "../../src/failure/failure.js";
import { FieldReader } from "../../src/formats/golden/field-reader.js";
import type { JsonObject } from "../../src/formats/golden/trace-line.js";
import { DEFAULT_IPAM_CONFIG, type IpamConfig } from "../../src/model/ipam-config.js";
import type { Node } from "../../src/model/node.js";
import type { UsablePool } from "../../src/model/pool.js";
import { findProfile } from "../../src/releases/profiles.js";
import { type AllocatorKind, AllocatorReplay, NotExpressible } from "./allocator-replay.js";
import { performOnModel } from "./model-replay.js";

const FOLDER = join("test", "fixtures", "golden", "v3.28.4");

/** A recording, as far as the allocators can express it: one cluster, then operations one by one. */
interface Recording {
  readonly world: ReplayWorld;
  readonly nodes: readonly Node[];
  readonly lines: readonly JsonObject[];
}

function read(file: string): Recording {
  const text = gunzipSync(readFileSync(join(FOLDER, file))).toString();
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as JsonObject);
  const first = lines.findIndex((line) => line["calls"] !== undefined);
  const world = new ReplayWorld(findProfile("v3.28.4")!.behaviours);
  const nodes: Node[] = [];
  for (const { op } of lines.slice(0, first)) {
    if (op === undefined) continue;
    const edit = new FieldReader(op as JsonObject);
    world.edit(edit);
    if (edit.text("op") !== "setNode") continue;
    nodes.push({ name: edit.text("name"), labels: edit.textMap("labels") ?? {} });
  }
  return { world, nodes, lines: lines.slice(first) };
}

function handlesOf(lines: readonly JsonObject[]): string[] {
  const handles = new Set<string>();
  for (const { op } of lines) {
    const handle = (op as JsonObject | undefined)?.["handle"];
    if (typeof handle === "string") handles.add(handle);
  }
  return [...handles];
}

/** Operations that read only: the allocators do not have them, and nothing follows from them. */
const READING = ["ipsByHandle", "getUtilization", "getIPAMConfig"];

interface Outcome {
  readonly compared: number;
  readonly snapshots: number;
  /** Why the comparison ended before the recording did. */
  readonly stopped?: string;
}

function replay(file: string, kind: AllocatorKind): Outcome {
  const { world, nodes, lines } = read(file);
  let compared = 0;
  let snapshots = 0;
  try {
    const allocators = new AllocatorReplay(kind, {
      pools: world.datastore.pools as readonly UsablePool[],
      nodes,
      reservations: world.datastore.reservations,
      config: DEFAULT_IPAM_CONFIG,
      handles: handlesOf(lines),
    });
    for (const { op, calls, result, snapshot } of lines) {
      if (snapshot !== undefined) {
        const expected = allocators.withoutReserved(snapshot as never);
        expect(allocators.snapshot()).toEqual(expected);
        allocators.check();
        snapshots++;
        continue;
      }
      const operation = op as JsonObject;
      const name = operation["op"] as string;
      if (READING.includes(name)) continue;
      if (name === "advance") continue;
      if (calls === undefined) throw new NotExpressible(`${name} between operations`);
      if (name === "setIPAMConfig") {
        performOnModel(world, operation);
        const { config } = performOnModel(world, { op: "getIPAMConfig" });
        allocators.configure(config as unknown as IpamConfig);
        continue;
      }
      expect({ compared, op, result: allocators.run(operation) }).toEqual({ compared, op, result });
      compared++;
    }
  } catch (error) {
    if (!(error instanceof NotExpressible || error instanceof Unsupported)) throw error;
    return { compared, snapshots, stopped: error.message };
  }
  return { compared, snapshots };
}

/** A /48 of /122 blocks is more than the memory has room for. */
const TOO_MANY_BLOCKS =
  "not supported: pool v6 on threads: 18889465931478580854784 blocks, above 2097151";

/** Operations and snapshots that are met, and what ends the comparison early. */
const EXPECTED: Record<string, Outcome> = {
  "01-single-node-fifo": { compared: 223, snapshots: 2 },
  "02-multi-node-churn": { compared: 914, snapshots: 5 },
  "03-exhaust-borrow": { compared: 383, snapshots: 2 },
  "04-strict-affinity": { compared: 455, snapshots: 4 },
  "05-max-blocks-config": { compared: 270, snapshots: 3 },
  "06-default-block-limit": { compared: 92, snapshots: 2 },
  "07-reservations": { compared: 281, snapshots: 2 },
  "08-pools-selectors": { compared: 242, snapshots: 2, stopped: "another use" },
  "09-ipv6-dual-stack": { compared: 0, snapshots: 0, stopped: TOO_MANY_BLOCKS },
  "10-windows-reserved": { compared: 0, snapshots: 0, stopped: "autoAssign with reserved" },
  "11-assign-ip": { compared: 0, snapshots: 0, stopped: "assignIP" },
  "12-affinity-admin": { compared: 6, snapshots: 0, stopped: "ensureBlock" },
  "13-multi-ip-handles": { compared: 97, snapshots: 2 },
  "14-release-ips": { compared: 148, snapshots: 0, stopped: "releaseIPs of several addresses" },
  "15-concurrent-same-node": { compared: 0, snapshots: 0, stopped: "concurrent" },
  "16-concurrent-nodes": { compared: 0, snapshots: 0, stopped: "concurrent" },
  "17-concurrent-claims": { compared: 0, snapshots: 0, stopped: "concurrent" },
  "18-faults": { compared: 0, snapshots: 0, stopped: "autoAssign with faults" },
  "19-stale-affinities": { compared: 0, snapshots: 0, stopped: "ensureBlock" },
  "20-node-removal": { compared: 323, snapshots: 6 },
  "21-fuzz": { compared: 6, snapshots: 0, stopped: "assignIP" },
  "22-reclaim-empty-blocks": { compared: 19, snapshots: 0, stopped: "concurrent" },
};

describe.each(["coarse-lock", "lock-reduced"] satisfies AllocatorKind[])("%s", (kind) => {
  it("has every recording of sequential operations before it", () => {
    const recordings = readdirSync(FOLDER).filter((name) => /^[0-2]/.test(name));
    expect(recordings).toEqual(Object.keys(EXPECTED).map((name) => `${name}.jsonl.gz`));
  });

  it.each(Object.entries(EXPECTED))("meets %s", (name, expected) => {
    expect(replay(`${name}.jsonl.gz`, kind)).toEqual(expected);
  });
});
