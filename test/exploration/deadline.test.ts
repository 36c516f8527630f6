import { describe, expect, it } from "vitest";
import { MemoryDatastore } from "../../src/datastore/memory.js";
import { createHandle, getHandle, listPools, updateHandle } from "../../src/datastore/request.js";
import { DeadlineDatastore } from "../../src/exploration/deadline.js";
import { explore } from "../../src/exploration/explore.js";
import { CalicoError } from "../../src/model/calico-error.js";
import { findProfile } from "../../src/releases/profiles.js";

const DIALECT = { existsShowsInner: false, affinityKeyShowsType: false };
const create = (id: string) => createHandle({ id, blocks: [] });

describe("a caller's deadline", () => {
  it("lets calls through until its time is up, and none after", () => {
    const memory = new MemoryDatastore(DIALECT);
    const caller = new DeadlineDatastore(memory, { afterCalls: 1, lastTakesEffect: false });
    expect(caller.perform(create("a"))).not.toBeInstanceOf(CalicoError);
    expect(caller.ended()).toBeUndefined();
    for (const id of ["b", "c"]) {
      expect(caller.perform(create(id))).toMatchObject({ text: "context deadline exceeded" });
      expect(caller.ended()).toMatchObject({ kind: "datastore" });
    }
    expect(memory.handleCount).toBe(1);
  });

  it("may run out in a call that takes effect", () => {
    const memory = new MemoryDatastore(DIALECT);
    const caller = new DeadlineDatastore(memory, { afterCalls: 0, lastTakesEffect: true });
    expect(caller.perform(create("a"))).toBeInstanceOf(CalicoError);
    expect(caller.perform(create("b"))).toBeInstanceOf(CalicoError);
    expect(memory.handleCount).toBe(1);
  });

  it("does not bind requests that are under another one", () => {
    const memory = new MemoryDatastore(DIALECT);
    memory.setHandle({ id: "a", blocks: [] });
    const entry = memory.listHandles()[0]!;
    const caller = new DeadlineDatastore(memory, { afterCalls: 0, lastTakesEffect: false });
    expect(caller.perform(getHandle("a", "caller"))).toBeInstanceOf(CalicoError);
    expect(caller.perform(getHandle("a", "cleanup"))).toBe(entry);
    expect(caller.perform(updateHandle(entry, entry.value, "cleanup"))).not.toBeInstanceOf(
      CalicoError,
    );
    expect(caller.perform(listPools("background"))).toEqual([]);
  });

  it.each([
    ["v3.28.4", ["handle-without-address"]],
    ["v3.29.7", []],
  ])("that runs out while %s writes the block leaves %j", (release, kinds) => {
    const seed = "sweep:assignip-own-block";
    const undisturbed = explore(findProfile(release)!, seed).rounds.at(-1)!.calls;
    const write = undisturbed.findIndex(([, verb, object]) =>
      `${verb} ${object}`.startsWith("update block"),
    );
    const { leaks } = explore(findProfile(release)!, `${seed}/deadline-${write + 1}/before`);
    expect(leaks.map((leak) => leak.kind)).toEqual(kinds);
  });
});
