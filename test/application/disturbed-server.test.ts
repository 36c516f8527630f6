import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createServer } from "../../src/application/disturbed-server.js";
import { apiCode } from "../../src/datastore/simulated/api-request.js";
import { ASSUMED_OBJECT_BYTES } from "../../src/datastore/simulated/object-bytes.js";
import { DatastoreSchema } from "../../src/formats/scenario/cluster-schemas.js";
import { withHistograms } from "../../src/formats/scenario/datastore-latencies.js";
import type { ApiResource, ApiVerb } from "../../src/model/api-names.js";
import { Kernel } from "../../src/simulation/kernel.js";

const CLUSTERS = "test/fixtures/golden-clusters";

/** Microseconds of a request that reads so many objects. */
function serviceUs(datastore: object, verb: ApiVerb, resource: ApiResource, objects: number) {
  const settings = withHistograms(DatastoreSchema.parse(datastore), () => []);
  const server = createServer(settings, new Kernel(), () => 0, { isOver: false });
  return server.serviceUs(apiCode(verb, resource), objects);
}

describe("the time of a list", () => {
  const perMegabyte = { reads: "5ms", perListedObject: "0us", perListedMegabyte: "100ms" };

  it.each([
    ["LIST", "ipamblocks", 500, 5000 + 128_850],
    ["LIST", "blockaffinities", 500, 5000 + 11_150],
    ["LIST", "ipamhandles", 1, 5027],
    ["GET", "ipamblocks", 1, 5000],
  ] as const)("grows with bytes: %s %s, %d objects", (verb, resource, objects, us) => {
    expect(serviceUs(perMegabyte, verb, resource, objects)).toBe(us);
  });

  it("grows with objects and bytes at once, and with objects alone by default", () => {
    const both = { ...perMegabyte, perListedObject: "20us" };
    expect(serviceUs(both, "LIST", "ipamblocks", 500)).toBe(5000 + 10_000 + 128_850);
    expect(serviceUs({}, "LIST", "ipamblocks", 500)).toBe(5000 + 10_000);
  });

  it("assumes the mean size of the objects that Calico's client wrote", () => {
    const bytes = new Map<string, number[]>();
    for (const cluster of readdirSync(CLUSTERS)) {
      const packed = readFileSync(join(CLUSTERS, cluster, "cluster.json.gz"));
      const { items } = JSON.parse(gunzipSync(packed).toString()) as { items: { kind: string }[] };
      for (const item of items) {
        const resource = `${item.kind.toLowerCase()}s`.replace("affinitys", "affinities");
        const sizes = bytes.get(resource) ?? [];
        bytes.set(resource, [...sizes, Buffer.byteLength(JSON.stringify(item))]);
      }
    }
    for (const [resource, assumed] of Object.entries(ASSUMED_OBJECT_BYTES)) {
      const sizes = bytes.get(resource)!;
      expect(Math.round(sizes.reduce((sum, size) => sum + size) / sizes.length)).toBe(assumed);
    }
  });
});
