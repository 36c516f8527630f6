import { describe, expect, it } from "vitest";
import { MemoryDatastore } from "../../../src/datastore/memory.js";
import { createHandle, deleteHandle, getHandle } from "../../../src/datastore/request.js";
import type { Entry } from "../../../src/datastore/response.js";
import {
  EtcdStore,
  KubernetesStore,
  NEXT_STEP,
} from "../../../src/datastore/simulated/timed-store.js";
import type { CalicoError } from "../../../src/model/calico-error.js";
import type { Handle } from "../../../src/model/handle.js";

const dialect = { existsShowsInner: true, affinityKeyShowsType: false };

function withHandle(): { memory: MemoryDatastore; entry: Entry<Handle> } {
  const memory = new MemoryDatastore(dialect);
  memory.perform(createHandle({ id: "h", blocks: [] }));
  return { memory, entry: memory.perform(getHandle("h", "caller")) as Entry<Handle> };
}

describe("deleting an object", () => {
  it("is one request in etcd", () => {
    const { memory, entry } = withHandle();
    const store = new EtcdStore(memory);
    expect(store.perform(deleteHandle(entry, "caller"))).toBeDefined();
    expect(memory.handleCount).toBe(0);
  });

  it("is an update, a read and the removal in Kubernetes, which others can come between", () => {
    const { memory, entry } = withHandle();
    const store = new KubernetesStore(memory, { dialect, affinityLookup: "by label" });
    const deletion = deleteHandle(entry, "caller");
    expect(store.perform(deletion, 0)).toBe(NEXT_STEP);
    expect([memory.handleCount, store.flaggedCount]).toEqual([1, 1]);

    const read = getHandle("h", "caller");
    for (const step of [0, 1, 2]) expect(store.perform(read, step)).toBe(NEXT_STEP);
    const found = store.perform(read, 3) as CalicoError;
    expect(found.text).toContain("Resource was deleted");
    expect([memory.handleCount, store.flaggedCount]).toEqual([0, 0]);

    expect(store.perform(deletion, 1)).toBe(NEXT_STEP);
    expect((store.perform(deletion, 2) as CalicoError).kind).toBe("notFound");
  });

  it("loses against a change that came before its update", () => {
    const { memory, entry } = withHandle();
    const store = new KubernetesStore(memory, { dialect, affinityLookup: "by label" });
    const stale = { ...entry, revision: entry.revision - 1 };
    expect((store.perform(deleteHandle(stale, "caller"), 0) as CalicoError).kind).toBe("conflict");
  });
});
