import fc from "fast-check";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import { conform } from "../../src/conformance/conform.js";
import type { Datastore } from "../../src/datastore/datastore.js";
import type { Fault } from "../../src/datastore/fault-injector.js";
import type { JsonObject } from "../../src/formats/golden/trace-line.js";
import * as direct from "../../src/protocol/direct.js";
import type { Steps } from "../../src/protocol/environment.js";
import { Ipam } from "../../src/protocol/ipam.js";
import { DIRECT_FORM, deriveDirectForm } from "./derive-direct.js";
import { fail, Trial } from "./trial.js";

/** The datastore that the operation under way runs on, as the mock below notes it. */
const underWay = vi.hoisted((): { datastore?: Datastore } => ({}));

vi.mock(import("../../src/protocol/run.js"), async (original) => {
  const { runToEnd } = await original();
  return {
    runToEnd: <T>(steps: Steps<T>, datastore: Datastore): T => {
      underWay.datastore = datastore;
      return runToEnd(steps, datastore);
    },
  };
});

/** Lets `Ipam` perform its operations in direct form; returns how often it did. */
function useDirectForm(): () => number {
  let count = 0;
  function* performed<T>(operation: (driver: Datastore) => T): Steps<T> {
    count++;
    return operation(underWay.datastore!);
  }
  vi.spyOn(Ipam.prototype, "autoAssign").mockImplementation(function (this: Ipam, context, args) {
    return performed((driver) => direct.autoAssign(driver, this.env, context, args));
  });
  vi.spyOn(Ipam.prototype, "releaseByHandle").mockImplementation(function (this: Ipam, handle) {
    return performed((driver) => direct.releaseByHandle(driver, this.env, handle));
  });
  return () => count;
}

afterEach(() => {
  vi.restoreAllMocks();
});

const GOLDEN = join("test", "fixtures", "golden");

/** Operations that run at the same time are nothing for the direct form. */
const isSequential = (file: string) =>
  !gunzipSync(readFileSync(file)).includes('"op":"concurrent"');

const RECORDINGS = ["v3.28.4", "v3.31.6", "v3.32.1", "replays"].flatMap((folder) =>
  readdirSync(join(GOLDEN, folder))
    .filter((name) => name.endsWith(".jsonl.gz"))
    .map((name) => join(GOLDEN, folder, name))
    .filter(isSequential),
);

const NODES = ["n1", "n2", "n3"];

const assignment = fc
  .record({
    host: fc.constantFrom(...NODES, "unknown"),
    num4: fc.integer({ min: 0, max: 5 }),
    num6: fc.integer({ min: 0, max: 2 }),
    handle: fc.constantFrom("a", "b", "c", "d\rx"),
    maxBlocksPerHost: fc.integer({ min: 0, max: 3 }),
  })
  .map((args): JsonObject => ({ op: "autoAssign", ...args }));

const release = fc
  .constantFrom("a", "b", "c", "d", "d\rx", "none")
  .map((handle): JsonObject => ({ op: "releaseByHandle", handle }));

const faults = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Fault[]>([]) },
  fc
    .record({
      verb: fc.constantFrom("get", "list", "create", "update", "delete" as const),
      kind: fc.constantFrom("block", "affinity", "handle", "config", "node", "pool" as const),
      error: fc.constantFrom("datastore", "notFound", "exists", "conflict" as const),
      times: fc.integer({ min: 1, max: 120 }),
      from: fc.integer({ min: 1, max: 3 }),
    })
    .map(({ verb, kind, error, times, from }) => fail(verb, kind, error, times, from)),
);

/** What changes besides: which nodes a pool selects, whether blocks may be borrowed. */
const change = fc.constantFrom<(trial: Trial) => void>(
  (trial) => trial.node("n1", { rack: "a" }),
  (trial) => trial.node("n1", { rack: "b" }),
  (trial) => trial.config({ strictAffinity: true }),
  (trial) => trial.config({ strictAffinity: false }),
  (trial) => {
    trial.datastore.setReservation({ name: "r", cidrs: ["10.0.0.0/29", "10.0.0.12"] });
  },
);

interface Step {
  readonly op: JsonObject;
  readonly faults: ReturnType<typeof fail>;
  readonly change: (trial: Trial) => void;
}

function outcomes(profile: string, steps: readonly Step[]): unknown[] {
  const trial = Trial.with(
    [
      { cidr: "10.0.0.0/27", blockSize: 30, nodeSelector: "rack == 'a'" },
      { cidr: "10.0.1.0/28", blockSize: 30 },
      { cidr: "fd00::/121", blockSize: 123 },
    ],
    profile,
  ).node("n3", { rack: "a" });
  const seen: unknown[] = steps.map(({ op, faults: injected, change: edit }) => {
    edit(trial);
    return trial.run(op, injected);
  });
  return [...seen, trial.world.snapshot()];
}

describe("the direct form", () => {
  it("is what follows from the generators (UPDATE_GOLDEN=1 writes it anew)", () => {
    const derived = deriveDirectForm();
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(DIRECT_FORM, derived);
    expect(readFileSync(DIRECT_FORM, "utf8")).toBe(derived);
  });

  it.each(RECORDINGS)("meets %s call by call", async (file) => {
    const count = useDirectForm();
    const report = await conform(file);
    expect(report.difference).toBeNull();
    expect(count()).toBeGreaterThan(0);
  });

  it.each(["v3.28.4", "v3.32.1", "pre-3.28.4", "post-3.28.4"])(
    "does as the generators do in %s, call by call, with and without faults",
    (profile) => {
      const nothing = fc.constant(() => undefined);
      const step: fc.Arbitrary<Step> = fc.record({
        op: fc.oneof({ weight: 2, arbitrary: assignment }, release),
        faults,
        change: fc.oneof({ weight: 5, arbitrary: nothing }, change),
      });
      fc.assert(
        fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
          const byGenerators = outcomes(profile, steps);
          const count = useDirectForm();
          const directly = outcomes(profile, steps);
          vi.restoreAllMocks();
          expect(count()).toBe(steps.length);
          expect(directly).toEqual(byGenerators);
        }),
        { numRuns: 150 },
      );
    },
  );
});
