import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { nodeNames } from "../../../src/formats/scenario/node-names.js";
import { readNodeList } from "../../../src/formats/traces/node-list.js";
import { Trace } from "../../../src/formats/traces/trace.js";
import { createPlacement } from "../../../src/workload/placement.js";
import { OpenNodes } from "../../workload/open-nodes.js";
import { readAll } from "./read-text.js";

interface ReplayedEvent {
  /** Seconds for openb; the number of the event for Google. */
  readonly time: number;
  readonly do: "add" | "del";
  readonly pod: string;
  readonly node: string;
}

/** The events of a recorded replay, without its header and final snapshot. */
function replayed(name: string): ReplayedEvent[] {
  const path = `test/fixtures/golden/replays/${name}.jsonl.gz`;
  const lines = gunzipSync(readFileSync(path)).toString().trim().split("\n");
  return lines.slice(1, -1).map((line) => JSON.parse(line) as ReplayedEvent);
}

/** The events of a trace with their nodes, placed in turn, written as the recording writes them. */
async function replay(trace: Trace, nodes: readonly string[]): Promise<ReplayedEvent[]> {
  const open = new OpenNodes(nodes.length);
  const placement = createPlacement("round-robin", open, Math.random);
  open.joinAll(placement);
  const nodeOf = new Map<string, number>();
  return (await readAll(trace)).map(({ timeUs, kind, pod }) => {
    if (kind === "add") {
      const node = placement.place()!;
      nodeOf.set(pod, node);
      return { time: timeUs / 1e6, do: "add", pod, node: nodes[node]! };
    }
    const node = nodeOf.get(pod)!;
    nodeOf.delete(pod);
    return { time: timeUs / 1e6, do: "del", pod, node: nodes[node]! };
  });
}

const pick = ({ time, do: verb, pod, node }: ReplayedEvent) => `${time} ${verb} ${pod} ${node}`;

describe("recorded replays", () => {
  it("openb: the same events at the same times on the same nodes", async () => {
    const trace = new Trace("scenarios/traces/openb_pod_list_default.csv");
    const list = await readNodeList("scenarios/traces/openb_node_list_all_node.csv", "sn");
    const events = await replay(
      trace,
      list.map(({ name }) => name),
    );
    expect(events.map(pick)).toEqual(replayed("openb-default.v3.28.4").map(pick));
    expect(trace.statistics).toEqual({
      format: "openb",
      rows: 8152,
      adds: 7255,
      deletes: 7255,
      skipped: { neverScheduled: 897 },
    });
  });

  it("google2011: the same events in the same order on the same nodes", async () => {
    const file = "test/fixtures/traces/google2011_job_events_parts-00000-00019.csv.gz";
    const trace = new Trace(file);
    const events = await replay(trace, nodeNames(300, "node-"));
    const numbered = events.map((event, time) => pick({ ...event, time }));
    expect(numbered).toEqual(replayed("google2011-0-19.v3.28.4").map(pick));
    // Counts as measured on the file: 27,106 SUBMIT, 27,101 SCHEDULE, 22,941 ends.
    expect(trace.statistics).toEqual({
      format: "google2011",
      rows: 77_148,
      adds: 27_101,
      deletes: 22_941,
      skipped: { otherEvent: 27_106 },
    });
    expect(events.at(-1)!.time).toBe(100_802.960551);
  });
});
