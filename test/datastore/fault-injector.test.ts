import { describe, expect, it } from "vitest";
import { type Fault, FaultInjector } from "../../src/datastore/fault-injector.js";
import { MemoryDatastore } from "../../src/datastore/memory.js";
import { createHandle, getHandle, listHandles } from "../../src/datastore/request.js";
import { CalicoError } from "../../src/model/calico-error.js";

const DIALECT = { existsShowsInner: false, affinityKeyShowsType: false };

const CREATE_FAILS: Fault = {
  verb: "create",
  kind: "handle",
  nth: 1,
  error: "datastore",
  afterEffect: false,
};

function injecting(...faults: Fault[]) {
  const memory = new MemoryDatastore(DIALECT);
  return { memory, injector: new FaultInjector(memory, faults, DIALECT) };
}

const create = (id: string) => createHandle({ id, blocks: [] });

describe("a fault", () => {
  it.each([
    ["datastore", "datastore", "injected: datastore"],
    ["timeout", "datastore", "context deadline exceeded"],
    ["connectionLost", "datastore", "connection lost"],
    ["notFound", "notFound", "resource does not exist: IPAMHandleKey(id=a) with error: <nil>"],
    ["exists", "exists", "resource already exists: IPAMHandleKey(id=a)"],
    ["conflict", "conflict", "update conflict: IPAMHandleKey(id=a)"],
  ] as const)("%s answers what Calico would see", (error, kind, text) => {
    const { injector } = injecting({ ...CREATE_FAILS, error });
    expect(injector.perform(create("a"))).toMatchObject({ kind, text, origin: "injected" });
  });

  it("before effect leaves the datastore as it was", () => {
    const { memory, injector } = injecting(CREATE_FAILS);
    expect(injector.perform(create("a"))).toBeInstanceOf(CalicoError);
    expect(memory.handleCount).toBe(0);
  });

  it("after effect leaves the write behind, and says so", () => {
    const { memory, injector } = injecting({ ...CREATE_FAILS, afterEffect: true });
    const answer = injector.perform(create("a"));
    expect(answer).toMatchObject({ kind: "datastore", origin: "injectedAfterEffect" });
    expect(memory.handleCount).toBe(1);
  });

  it("hits the nth call of its verb and kind only, and once", () => {
    const { memory, injector } = injecting({ ...CREATE_FAILS, nth: 2 });
    const failed = ["a", "b", "c"].map((id) => injector.perform(create(id)) instanceof CalicoError);
    expect(failed).toEqual([false, true, false]);
    expect(memory.listHandles().map((entry) => entry.value.id)).toEqual(["a", "c"]);
    expect(injector.firedCount).toBe(1);
  });

  it("does not count calls of other verbs", () => {
    const { injector } = injecting({ ...CREATE_FAILS, verb: "get" });
    injector.perform(create("a"));
    injector.perform(listHandles());
    expect(injector.firedCount).toBe(0);
    expect(injector.perform(getHandle("a", "caller"))).toBeInstanceOf(CalicoError);
  });

  it("due at the same call as another one: the first listed answers, both are spent", () => {
    const { injector } = injecting(CREATE_FAILS, { ...CREATE_FAILS, error: "conflict" });
    expect(injector.perform(create("a"))).toMatchObject({ kind: "datastore" });
    expect(injector.perform(create("a"))).not.toBeInstanceOf(CalicoError);
    expect(injector.firedCount).toBe(1);
  });
});
