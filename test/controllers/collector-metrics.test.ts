import { describe, expect, it } from "vitest";
import { collectorMetrics } from "../../src/controllers/collector-metrics.js";
import { Cidr } from "../../src/model/cidr.js";
import { WINDOWS_RESERVED_HANDLE } from "../../src/model/block.js";
import { makePool } from "../../src/model/pool.js";
import { runningPod, Stage } from "./collector-stage.js";

/** Values by name, then labels. */
function valuesOf(stage: Stage): Record<string, Record<string, number>> {
  const families = collectorMetrics(stage.collector);
  return Object.fromEntries(
    families.map(({ name, samples }) => [
      name,
      Object.fromEntries(
        samples.map(({ labels, value }) => [Object.values(labels).join(" "), value]),
      ),
    ]),
  );
}

describe("collectorMetrics", () => {
  it("has zeros for known nodes of pools with blocks, and pool sizes", () => {
    const stage = new Stage({ graceSeconds: 900 });
    expect(valuesOf(stage)).toMatchObject({
      ipam_allocations_in_use: {},
      ipam_ippool_size: { pool: 256 },
    });
    stage.assignPod("n1", "web");
    stage.tellBlocks();
    expect(valuesOf(stage)).toMatchObject({
      ipam_allocations_in_use: { "pool n1": 1, "pool n2": 0 },
      ipam_allocations_borrowed: { "pool n1": 0, "pool n2": 0 },
      ipam_allocations_gc_candidates: { "pool n1": 0, "pool n2": 0 },
      ipam_blocks: { "pool n1": 1 },
      ipam_allocations_per_node: { n1: 1 },
      ipam_allocations_borrowed_per_node: {},
      ipam_blocks_per_node: { n1: 1 },
    });
    expect(valuesOf(stage)["ipam_blocks"]).toEqual({ "pool n1": 1 });
  });

  it("counts candidates, then reclamations until the node is cleaned up", () => {
    const stage = new Stage({ graceSeconds: 60 });
    stage.assignPod("n1", "web", 2);
    stage.assignPod("n1", "db");
    stage.sync();
    stage.cluster.pods.set("db", runningPod("n1", []));
    expect(valuesOf(stage)["ipam_allocations_gc_candidates"]).toEqual({
      "pool n1": 3,
      "pool n2": 0,
    });
    stage.advance(61);
    stage.sync();
    stage.tellBlocks();
    const values = valuesOf(stage);
    expect(values["ipam_allocations_gc_candidates"]).toEqual({ "pool n1": 0, "pool n2": 0 });
    expect(values["ipam_allocations_gc_reclamations"]).toEqual({ "pool n1": 2 });
    expect(values["ipam_allocations_in_use"]).toEqual({ "pool n1": 1, "pool n2": 0 });
    stage.cluster.pods.delete("db");
    stage.removeNode("n1");
    stage.sync();
    expect(valuesOf(stage)["ipam_allocations_gc_reclamations"]).toEqual({});
  });

  it("tells borrowed addresses, blocks without owner and addresses of unknown nodes", () => {
    const stage = new Stage({ graceSeconds: 900 });
    stage.assign("n1", "web", { node: "n2" });
    stage.assign("n1", "odd", { node: "" });
    stage.assign("n1", WINDOWS_RESERVED_HANDLE, { node: "" });
    stage.tellBlocks();
    expect(valuesOf(stage)).toMatchObject({
      ipam_allocations_in_use: { "pool n1": 0, "pool n2": 1, "pool unknown_node": 2 },
      ipam_allocations_borrowed: { "pool n1": 0, "pool n2": 1 },
      ipam_allocations_per_node: { n2: 1 },
      ipam_allocations_borrowed_per_node: { n2: 1 },
    });
    const [entry] = stage.datastore.listBlocks();
    stage.collector.deletePool("pool");
    expect(valuesOf(stage)).toMatchObject({
      ipam_allocations_in_use: { "no_ippool n2": 1, "no_ippool unknown_node": 2 },
      ipam_blocks: { "no_ippool n1": 1 },
      ipam_ippool_size: {},
    });
    expect(entry?.value.affinity?.host).toBe("n1");
  });

  it.each([
    ["v3.31.6", ["pool", "pool2"]],
    ["v3.32.1", ["pool2"]],
  ])("in %s has, of a pool being deleted and another one, %j", (release, names) => {
    const stage = new Stage({ graceSeconds: 900, release });
    const pool = { name: "pool", cidr: Cidr.of("10.0.0.0/24"), beingDeleted: true };
    stage.collector.updatePool(makePool(pool));
    stage.collector.updatePool(makePool({ name: "pool2", cidr: Cidr.of("fd00::/112") }));
    expect(Object.keys(valuesOf(stage)["ipam_ippool_size"]!)).toEqual(names);
    expect(valuesOf(stage)["ipam_ippool_size"]!["pool2"]).toBe(65_536);
  });
});
