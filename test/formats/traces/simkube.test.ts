import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { encode } from "@msgpack/msgpack";
import { describe, expect, it } from "vitest";
import { Trace } from "../../../src/formats/traces/trace.js";
import { faultsOf } from "../faults-of.js";
import { inShort, readAll, traceOf } from "./read-text.js";

const SAMPLES = "test/fixtures/traces/simkube";

interface TestEvent {
  readonly ts: unknown;
  readonly applied_objs?: readonly object[];
  readonly deleted_objs?: readonly object[];
}

/** A trace as SimKube writes it; lifecycles by `type namespace/name`, with a hash of 64 bits. */
function recorded(events: readonly TestEvent[], lifecycles: Record<string, unknown> = {}): Buffer {
  const content = { version: 2, config: {}, events, index: {}, pod_lifecycles: lifecycles };
  return Buffer.from(encode(content, { useBigInt64: true }));
}

function owner(kind: string, name: string, spec: object = {}, metadata: object = {}) {
  const apiVersion = kind === "Pod" ? "v1" : kind === "CronJob" ? "batch/v1" : "apps/v1";
  return { apiVersion, kind, metadata: { namespace: "shop", name, ...metadata }, spec };
}

const scaled = (name: string, replicas: number, image = "a") =>
  owner("Deployment", name, { replicas, template: { spec: { containers: [{ image }] } } });

async function read(content: Buffer) {
  const trace = traceOf(content);
  return [inShort(await readAll(trace)), trace.statistics.skipped];
}

describe("SimKube's own samples", () => {
  it.each([
    ["bare-pods", 4, 3, 163],
    ["cronjob", 3, 3, 150],
    ["dsb-scaling", 54, 12, 1134],
  ])("%s.sktrace has its pods, recognised and named", async (name, adds, deletes, lastSecond) => {
    for (const format of ["auto", "sktrace"] as const) {
      const trace = new Trace(`${SAMPLES}/${name}.sktrace`, { format });
      const events = await readAll(trace);
      expect(trace.statistics).toMatchObject({ format: "sktrace", adds, deletes, skipped: {} });
      expect(events.at(-1)!.timeUs).toBe(lastSecond * 1e6);
    }
  });

  it("gives recorded lifecycles to the second, and one pod no end that runs still", async () => {
    const [events] = await read(readFileSync(`${SAMPLES}/bare-pods.sktrace`));
    expect(events).toBe(
      "+testing/bare-pod-1781282449@0 -testing/bare-pod-1781282449@12 " +
        "+testing/bare-pod-1781282509@43 -testing/bare-pod-1781282509@73 " +
        "+testing/bare-pod-1781282570@103 -testing/bare-pod-1781282570@133 " +
        "+testing/bare-pod-1781282630@163",
    );
  });

  it("are recognised when they are compressed", async () => {
    const bytes = gzipSync(readFileSync(`${SAMPLES}/cronjob.sktrace`));
    expect((await readAll(traceOf(bytes))).length).toBe(6);
  });
});

describe("a SimKube trace", () => {
  it("makes pods as replicas grow, and ends the youngest as they shrink", async () => {
    const events = [
      { ts: 100 },
      { ts: 100, applied_objs: [scaled("cart", 2)] },
      { ts: 160, applied_objs: [scaled("cart", 3)] },
      { ts: 200, applied_objs: [scaled("cart", 1)] },
      { ts: 230, deleted_objs: [scaled("cart", 1)] },
    ];
    expect(await read(recorded(events))).toEqual([
      "+shop/cart-0@0 +shop/cart-1@0 +shop/cart-2@60 -shop/cart-1@100 -shop/cart-2@100 -shop/cart-0@130",
      {},
    ]);
  });

  it("replaces all pods when the template changes, and has one replica when none is said", async () => {
    const unscaled = owner("StatefulSet", "db");
    const events = [
      { ts: 0, applied_objs: [scaled("cart", 2), unscaled] },
      { ts: 5, applied_objs: [scaled("cart", 2, "b"), unscaled] },
    ];
    expect((await read(recorded(events)))[0]).toBe(
      "+shop/cart-0@0 +shop/cart-1@0 +shop/db-0@0 " +
        "-shop/cart-0@5 -shop/cart-1@5 +shop/cart-2@5 +shop/cart-3@5",
    );
  });

  it("counts what an owner in the trace makes once, and what tells of no pods not at all", async () => {
    const ownerReferences = [{ kind: "Deployment", name: "cart" }];
    const host = { template: { spec: { hostNetwork: true } } };
    const applied_objs = [
      owner("ReplicaSet", "cart-1", { replicas: 1 }, { ownerReferences }),
      scaled("cart", 1),
      owner("CronJob", "backup"),
      owner("Deployment", "agent", host),
      owner("Pod", "debug", { nodeName: "n7" }),
    ];
    const content = recorded([{ ts: 0, applied_objs }]);
    expect(await read(content)).toEqual([
      "+shop/cart-0@0 +shop/debug@0",
      { otherEvent: 2, hostNetwork: 1 },
    ]);
    const events = await readAll(traceOf(content));
    expect(events.map(({ node }) => node)).toEqual([undefined, "n7"]);
  });

  it("takes lifecycles before replicas, and ends those that run when their owner goes", async () => {
    const hash = String(2n ** 64n - 3n);
    const lives = ["Empty", { Finished: [10, 20] }, { Running: 15 }];
    const events = [
      { ts: 5, applied_objs: [scaled("cart", 4)] },
      { ts: 40, deleted_objs: [scaled("cart", 4)] },
    ];
    const content = recorded(events, { "apps/v1.Deployment shop/cart": { [hash]: lives } });
    expect(await read(content)).toEqual([
      "+shop/cart-0@0 +shop/cart-1@5 -shop/cart-0@10 -shop/cart-1@30",
      { neverScheduled: 1 },
    ]);
  });

  it.each([
    [
      "an older version",
      Buffer.from(encode({ version: 1, events: [] })),
      "-: version: is not a SimKube trace of version 2: expected 2, found 1",
    ],
    [
      "a file that breaks off",
      recorded([{ ts: 1, applied_objs: [scaled("cart", 2)] }]).subarray(0, 60),
      "-: is not a SimKube trace: msgpack: Insufficient data",
    ],
    [
      "a time that is none",
      recorded([{ ts: "noon" }]),
      '-: events[0].ts: is not a SimKube trace of version 2: expected a whole number from 0 to 9007199254, found "noon"',
    ],
    [
      "replicas that are none",
      recorded([{ ts: 1, applied_objs: [scaled("cart", -1)] }]),
      "-: events[0].applied_objs[0].spec.replicas: is not a SimKube trace of version 2: " +
        "expected a whole number from 0 to 1000000, found -1",
    ],
    [
      "a pod that ends before it starts",
      recorded([], { "v1.Pod shop/a": { 1: [{ Finished: [9, 8] }] } }),
      '-: pod_lifecycles["v1.Pod shop/a"]["1"][0].Finished: is not a SimKube trace of version 2: ' +
        "the pod ends at 8, before its start",
    ],
    ["no pods", recorded([{ ts: 1 }]), "-: there are no pods in it"],
  ])("is refused: %s", async (_, content, fault) => {
    expect(await faultsOf(readAll(traceOf(content)))).toEqual([fault]);
  });
});
