import { describe, expect, it } from "vitest";
import { KubernetesRequests } from "../../src/datastore/kubernetes-requests.js";
import { MemoryDatastore } from "../../src/datastore/memory.js";
import {
  createHandle,
  deleteHandle,
  getAffinity,
  getHandle,
  getNode,
  listAffinities,
  listBlocks,
  updateNode,
} from "../../src/datastore/request.js";
import type { Entry } from "../../src/datastore/response.js";
import { newBlock } from "../../src/model/block.js";
import type { AffinityLookup } from "../../src/datastore/kubernetes-names.js";
import { CalicoError } from "../../src/model/calico-error.js";
import { Cidr } from "../../src/model/cidr.js";
import type { Handle } from "../../src/model/handle.js";
import type { Node } from "../../src/model/node.js";

const DIALECT = { existsShowsInner: false, affinityKeyShowsType: false };
const HOST = { type: "host", host: "n1" } as const;

function open(affinityLookup: AffinityLookup = "lists all of the cluster") {
  const memory = new MemoryDatastore(DIALECT);
  return { memory, client: new KubernetesRequests(memory, DIALECT, affinityLookup) };
}

/** 501 blocks of host n2, each with its affinity. */
function fill(memory: MemoryDatastore): void {
  for (let i = 0; i < 501; i++) {
    const cidr = Cidr.containing(0x0a000000 + i * 16, 28);
    const owner = { type: "host", host: "n2" } as const;
    memory.setBlock(newBlock(cidr, owner, null, 0n, null));
    memory.setAffinity({ ...owner, cidr, state: "confirmed" });
  }
}

describe("lists", () => {
  it("come in pages of 500 objects, at least one", () => {
    const { memory, client } = open();
    client.perform(listBlocks(0));
    fill(memory);
    client.perform(listBlocks(4));
    expect(client.requests.map(([, path]) => path)).toEqual([
      "ipamblocks?limit=500",
      "ipamblocks?limit=500",
      "ipamblocks?limit=500&continue=",
    ]);
  });

  it.each([
    ["lists all of the cluster", 2],
    ["by label", 1],
  ] as const)("of one host's affinities: %s", (lookup, pages) => {
    const { memory, client } = open(lookup);
    fill(memory);
    expect(client.perform(listAffinities(HOST, 4))).toEqual([]);
    expect(client.requests).toHaveLength(pages);
  });
});

describe("names", () => {
  it("cut a host that is too long, and tell it apart by a hash", () => {
    const { client } = open();
    const host = `${"a".repeat(240)}.example`;
    client.perform(getAffinity({ type: "host", host }, Cidr.of("10.0.0.0/26")));
    const name = client.requests[0]![1].replace("blockaffinities/", "");
    expect(name).toMatch(/^a{228}-10-0-0-0-26-[0-9a-f]{11}$/);
  });

  it("write IPv6 blocks with dashes, handles in lower case", () => {
    const { client } = open();
    client.perform(getAffinity(HOST, Cidr.of("fd00::31c0/122")));
    client.perform(getHandle("Pod.A", "caller"));
    expect(client.requests.map(([, path]) => path)).toEqual([
      "blockaffinities/n1-fd00--31c0-122",
      "ipamhandles/pod.a",
    ]);
  });
});

describe("writes and errors", () => {
  it("delete by an update with the deleted flag, a read and a delete", () => {
    const { client } = open();
    const created = client.perform(createHandle({ id: "h", blocks: [] })) as Entry<Handle>;
    client.perform(deleteHandle(created, "caller"));
    expect(client.requests).toEqual([
      ["POST", "ipamhandles", 201],
      ["PUT", "ipamhandles/h", 200],
      ["GET", "ipamhandles/h", 200],
      ["DELETE", "ipamhandles/h", 200],
    ]);
  });

  it("a delete that lost the race ends with the update", () => {
    const { memory, client } = open();
    const created = client.perform(createHandle({ id: "h", blocks: [] })) as Entry<Handle>;
    memory.setHandle({ id: "h", blocks: [] });
    const response = client.perform(deleteHandle(created, "caller"));
    expect(client.requests.slice(1)).toEqual([["PUT", "ipamhandles/h", 409]]);
    expect((response as CalicoError).text).toBe("update conflict: IPAMHandle(h)");
  });

  it("words a missing node as the API server does", () => {
    const { client } = open();
    const response = client.perform(getNode("n1"));
    expect((response as CalicoError).text).toBe(
      'resource does not exist: Node(n1) with error: nodes "n1" not found',
    );
    expect(client.requests).toEqual([["GET", "/api/v1/nodes/n1", 404]]);
  });
});

it("an update of a node is a read and a write of its status", () => {
  const { memory, client } = open();
  memory.setNode({ name: "n1", labels: {} });
  const entry = client.perform(getNode("n1")) as Entry<Node>;
  client.perform(updateNode(entry, { ...entry.value, tunnelAddresses: { ipip: 1 } }));
  client.perform(updateNode(entry, entry.value));
  memory.deleteNode("n1");
  client.perform(updateNode(entry, entry.value));
  const path = "/api/v1/nodes/n1";
  expect(client.requests).toEqual([
    ["GET", path, 200],
    ["GET", path, 200],
    ["PUT", `${path}/status`, 200],
    ["GET", path, 200],
    ["PUT", `${path}/status`, 409],
    ["GET", path, 404],
  ]);
});
