import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { faultsOf } from "../faults-of.js";
import { inShort, readAll, traceOf } from "./read-text.js";

async function read(text: string): Promise<[string, string | undefined, object]> {
  const trace = traceOf(text);
  const events = inShort(await readAll(trace));
  return [events, trace.statistics.format, trace.statistics.skipped];
}

const PLAIN = "time,event,pod,node\n0,add,a,n1\n1.5,add,b,\n2,delete,a,n1\n2,delete,x,\n";

describe("a plain CSV", () => {
  it("has times in seconds, and a node where the row names one", async () => {
    expect(await read(PLAIN)).toEqual(["+a@0 +b@1.5 -a@2", "csv", { notRunning: 1 }]);
    const [first, second] = await readAll(traceOf(PLAIN));
    expect([first!.node, second!.node]).toEqual(["n1", undefined]);
  });

  it("is recognised when it is compressed, and with its columns in another order", async () => {
    const text = "pod,note,time,event\na,hm,5,add\n";
    const trace = traceOf(gzipSync(text));
    expect(inShort(await readAll(trace))).toBe("+a@5");
  });

  it("has times of day, of which the first is zero", async () => {
    const text =
      "time,event,pod\n2026-01-05T10:00:00Z,add,a\n2026-01-05T11:00:00.25+01:00,delete,a\n";
    expect((await read(text))[0]).toBe("+a@0 -a@0.25");
  });

  it.each([
    [
      "time,event,pod\nsoon,add,a\n",
      '-:2:1: time: expected seconds such as 12.5, or a time such as 2026-01-05T10:00:00Z, found "soon"',
    ],
    ["time,event,pod\n1,create,a\n", '-:2:3: event: expected add or delete, found "create"'],
    [
      "time,event,pod\n2,add,a\n1,add,b\n",
      "-:3:1: time: 1 goes back; sort the rows by this column",
    ],
    [
      "time,event,pod\n2,add,a\n3,add,a\n",
      '-:3:7: pod: the pod "a" of an earlier row is not deleted yet',
    ],
    ["time,event,pd\n2,add,a\n", '-:1:12: the header has no column "pod"; nearest is "pd"'],
    ["time,event,pod\n2,add,\n", "-:2:7: pod: expected the name of a pod, found nothing"],
  ])("%j is refused", async (text, fault) => {
    expect(await faultsOf(readAll(traceOf(text)))).toEqual([fault]);
  });
});

describe("Azure's function invocations", () => {
  it("share containers, which end ten minutes after their last invocation", async () => {
    const rows = [
      "app,func,end_timestamp,duration",
      "a,f,12,2", // begins at 10
      "a,f,15,1", // takes the container of the first
      "a,f,15.5,1", // both are busy at once: a second container
      "a,f,1000,0.0e-1", // after the idle time of both
    ];
    const [events, format] = await read(`${rows.join("\n")}\n`);
    expect(format).toBe("azure");
    expect(events).toBe("+a/f-0@10 +a/f-1@14.5 -a/f-0@615 -a/f-1@615.5 +a/f-2@1000 -a/f-2@1600");
  });

  it("refuses what is no number", async () => {
    const text = "app,func,end_timestamp,duration\na,f,x,1\n";
    expect(await faultsOf(readAll(traceOf(text)))).toEqual([
      '-:2:5: end_timestamp: expected seconds such as 12.5, found "x"',
    ]);
  });
});

const at = (second: number) => `2026-01-05T10:00:${String(second).padStart(2, "0")}Z`;

interface PodFacts {
  readonly node?: string;
  readonly start?: number;
  readonly finished?: number;
  readonly deleted?: number;
  readonly hostNetwork?: boolean;
}

function pod(name: string, facts: PodFacts): object {
  const { node = "n1", start, finished, deleted, hostNetwork } = facts;
  const terminated = finished === undefined ? undefined : { finishedAt: at(finished) };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "shop",
      uid: `uid-${name}`,
      creationTimestamp: at(0),
      ...(deleted === undefined ? {} : { deletionTimestamp: at(deleted) }),
    },
    spec: { nodeName: node, hostNetwork },
    status: {
      phase: finished === undefined ? "Running" : "Succeeded",
      ...(start === undefined ? {} : { startTime: at(start) }),
      containerStatuses: [{ state: { terminated } }],
    },
  };
}

describe("pods from kubectl", () => {
  const snapshot = {
    apiVersion: "v1",
    kind: "List",
    items: [
      pod("b", { start: 5 }),
      pod("a", { start: 2, finished: 9 }),
      pod("going", { start: 3, deleted: 7 }),
      pod("waiting", { node: "" }),
      pod("proxy", { start: 1, hostNetwork: true }),
    ],
  };

  it("of a snapshot, in any layout", async () => {
    for (const text of [JSON.stringify(snapshot), JSON.stringify(snapshot, null, 4)]) {
      expect(await read(text)).toEqual([
        "+shop/a@0 +shop/going@1 +shop/b@3 -shop/going@5 -shop/a@7",
        "kubectl",
        { neverScheduled: 1, hostNetwork: 1 },
      ]);
    }
  });

  it("of a watch, where later sightings tell more", async () => {
    const seen = [
      pod("a", { node: "" }),
      pod("a", { start: 4 }),
      pod("b", { start: 6 }),
      pod("a", { start: 4, deleted: 8 }),
    ];
    const watched = seen.map((each) => JSON.stringify(each, null, 2)).join("\n");
    expect((await read(watched))[0]).toBe("+shop/a@0 +shop/b@2 -shop/a@4");
    const types = ["ADDED", "MODIFIED", "ADDED", "DELETED"];
    const events = seen.map((object, i) => JSON.stringify({ type: types[i], object })).join("\n");
    expect((await read(events))[0]).toBe("+shop/a@0 +shop/b@2 -shop/a@4");
  });

  it("names the node", async () => {
    const [event] = await readAll(traceOf(JSON.stringify(pod("a", { node: "worker-7" }))));
    expect(event!.node).toBe("worker-7");
  });

  it.each([
    ['{"kind":"List","items":[]}', "-: there are no pods in it"],
    ['{"kind":"List","items":[{"kind":"Pod",]}', "-:1:39: expected JSON"],
    [
      JSON.stringify(pod("a", {})).replace(at(0), "then"),
      "-: metadata.creationTimestamp: expected a time such as 2026-01-05T10:00:00Z",
    ],
  ])("%s is refused", async (text, fault) => {
    expect((await faultsOf(readAll(traceOf(text))))[0]).toContain(fault);
  });
});

function audit(verb: string, name: string, second: number, more: object = {}, ref: object = {}) {
  return JSON.stringify({
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    stage: "ResponseComplete",
    verb,
    objectRef: { resource: "pods", namespace: "shop", ...(name === "" ? {} : { name }), ...ref },
    responseStatus: { code: 201 },
    requestReceivedTimestamp: at(second),
    stageTimestamp: at(second),
    ...more,
  });
}

describe("an audit log", () => {
  const bind = (name: string, second: number) =>
    audit(
      "create",
      name,
      second,
      { requestObject: { target: { name: "n1" } } },
      { subresource: "binding" },
    );

  it("adds a pod when it is bound, and deletes it with the last deletion", async () => {
    const lines = [
      audit("create", "", 1, { responseObject: { metadata: { name: "a" } } }),
      audit("create", "b", 2),
      bind("a", 3),
      audit("get", "a", 3),
      audit("delete", "a", 4),
      audit("delete", "a", 9),
      audit("create", "c", 9, { responseStatus: { code: 403 } }),
    ];
    const [events, format, skipped] = await read(`${lines.join("\n")}\n`);
    expect(format).toBe("audit");
    expect(events).toBe("+shop/a@0 -shop/a@6");
    expect(skipped).toEqual({ otherEvent: 2, neverScheduled: 1 });
  });

  it("without bindings adds a pod when it is created", async () => {
    const lines = [audit("create", "a", 1), audit("delete", "a", 2), audit("create", "a", 2)];
    expect((await read(lines.join("\n")))[0]).toBe("+shop/a@0 -shop/a@1 +shop/a@1");
  });

  it.each([
    [`${audit("create", "a", 1)}\nnot json\n`, "-:2: expected a JSON object in each line"],
    [audit("create", "a", 1).replaceAll(at(1), "then"), "-:1: stageTimestamp: expected a time"],
  ])("%# is refused", async (text, fault) => {
    expect((await faultsOf(readAll(traceOf(text))))[0]).toContain(fault);
  });
});
