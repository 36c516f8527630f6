import { describe, expect, it } from "vitest";
import { MemoryDatastore } from "../../src/datastore/memory.js";
import { countLeaks, leaksByHandle } from "../../src/node/leak-count.js";
import { NodeStage } from "./node-stage.js";

/** Two addresses of one handle, one of a pod that runs, one without a handle. */
function stage(): NodeStage {
  const stage = new NodeStage("v3.28.4", [{ name: "pool", cidr: "10.0.0.0/24" }]);
  stage.assign("10.0.0.5", "net.gone", null);
  stage.assign("10.0.0.6", "net.gone", null);
  stage.assign("10.0.0.7", "net.running", null);
  stage.assign("10.0.0.8", null, null);
  return stage;
}

const live = new Set(["net.running"]);

describe("what is allocated for nobody", () => {
  it("is told handle by handle, with the same counts", () => {
    const { datastore } = stage();
    datastore.setHandle({ id: "net.empty", blocks: [] });
    expect([...leaksByHandle(datastore, live).values()]).toEqual([
      { handle: "net.gone", hasObject: true, addresses: ["10.0.0.5", "10.0.0.6"] },
      { handle: "net.empty", hasObject: true, addresses: [] },
    ]);
    expect(countLeaks(datastore, live)).toEqual({ addresses: 2, handles: 2 });
    expect(leaksByHandle(datastore, new Set(["net.running", "net.gone", "net.empty"])).size).toBe(
      0,
    );
  });

  it("is told as well when there are addresses but no handle object", () => {
    const datastore = new MemoryDatastore({ existsShowsInner: false, affinityKeyShowsType: false });
    for (const { value } of stage().datastore.blocks) datastore.setBlock(value);
    expect([...leaksByHandle(datastore, live).values()]).toEqual([
      { handle: "net.gone", hasObject: false, addresses: ["10.0.0.5", "10.0.0.6"] },
    ]);
    expect(countLeaks(datastore, live)).toEqual({ addresses: 2, handles: 0 });
  });
});
