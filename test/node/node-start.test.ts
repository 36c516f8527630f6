import { expect, it } from "vitest";
import { TimedWorld } from "../../src/conformance/timed-world.js";
import { ClientProcess } from "../../src/datastore/simulated/client-process.js";
import { Cidr } from "../../src/model/cidr.js";
import { makePool } from "../../src/model/pool.js";
import { startNode } from "../../src/node/node-start.js";
import { findProfile } from "../../src/releases/profiles.js";

/** Requests of a node's first start with one IP-in-IP pool, in simulated time. */
function requestsOfStart(release: string): string[] {
  const world = new TimedWorld(findProfile(release)!.behaviours, 1000);
  const cidr = Cidr.of("10.0.0.0/24");
  world.datastore.setPool(makePool({ name: "pool", cidr, ipipMode: "Always" }));
  world.datastore.setNode({ name: "n1", labels: {} });
  const requests: string[] = [];
  const witness = {
    request: (_: unknown, method: string, path: string, status: number | string) => {
      requests.push(`${method} ${path} ${status}`);
    },
  };
  const owner = { processEnded: () => undefined };
  const limit = { qps: 5, burst: 100 };
  const process = new ClientProcess(world.surroundings, owner, limit, false, witness);
  process.start(startNode(world.ipam, process, "n1"));
  world.kernel.run(Infinity);
  return requests;
}

const NODE = "/api/v1/nodes/n1";

it("writes the node for each kind of tunnel at v3.28.4", () => {
  const requests = requestsOfStart("v3.28.4");
  expect(requests.slice(0, 9)).toEqual([
    `GET ${NODE} 200`,
    "GET ippools?limit=500 200",
    // WireGuard is not wanted: its handle is released, and the node written all the same.
    `GET ${NODE} 200`,
    "GET ipamhandles/wireguard-tunnel-addr-n1 404",
    `GET ${NODE} 200`,
    `PUT ${NODE}/status 200`,
    `GET ${NODE} 200`,
    "GET ipamhandles/wireguard-v6-tunnel-addr-n1 404",
    `GET ${NODE} 200`,
  ]);
  expect(requests.filter((request) => request.startsWith("PUT /api"))).toHaveLength(5);
});

it("writes the node once at v3.30.0", () => {
  const requests = requestsOfStart("v3.30.0");
  expect(requests.slice(0, 4)).toEqual([
    `GET ${NODE} 200`,
    "GET ippools?limit=500 200",
    "GET ipamhandles/wireguard-tunnel-addr-n1 404",
    "GET ipamhandles/wireguard-v6-tunnel-addr-n1 404",
  ]);
  expect(requests.slice(-2)).toEqual([`GET ${NODE} 200`, `PUT ${NODE}/status 200`]);
  expect(requests.filter((request) => request.startsWith("PUT /api"))).toHaveLength(1);
});
