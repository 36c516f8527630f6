import fc from "fast-check";
import { MemoryDatastore } from "../../src/datastore/memory.js";
import type { Affinity, AffinityState } from "../../src/model/affinity.js";
import type { Attribute } from "../../src/model/attribute.js";
import { blockOf, partsOf } from "../../src/model/block-parts.js";
import { Cidr } from "../../src/model/cidr.js";
import type { Handle } from "../../src/model/handle.js";
import { makePool, type Pool } from "../../src/model/pool.js";

/** An empty datastore that words errors as v3.32 does. */
export function emptyDatastore(): MemoryDatastore {
  return new MemoryDatastore({ existsShowsInner: false, affinityKeyShowsType: true });
}

/** Everything that a datastore holds, as plain values that can be compared. */
export function contentsOf(datastore: MemoryDatastore): object {
  return {
    blocks: datastore.listBlocks().map(({ value }) => {
      const { cidr, ...parts } = partsOf(value);
      return { ...parts, cidr: cidr.text };
    }),
    affinities: datastore.listAffinities().map(({ value: { cidr, host, type, state } }) => {
      return { cidr: cidr.text, host, type, state };
    }),
    handles: datastore.listHandles().map(({ value }) => {
      return { id: value.id, blocks: value.blocks.map(({ cidr, count }) => [cidr.text, count]) };
    }),
    config: datastore.config,
    pools: datastore.pools.map(({ cidr, ...pool }) => ({ ...pool, cidr: cidr?.text })),
    reservations: datastore.reservations,
    nodes: datastore.listNodes(),
  };
}

/** Blocks that do not overlap; IPv4 of 4 to 16 addresses and IPv6 of 8. */
const blockCidr = fc.oneof(
  fc.tuple(fc.nat(15), fc.constantFrom(28, 29, 30)).map(([n, prefix]) => {
    return Cidr.of(`10.0.${n}.0/${prefix}`);
  }),
  fc.nat(15).map((n) => Cidr.of(`fd00::${n.toString(16)}00/125`)),
);

const host = fc.constantFrom("n1", "n2", "node-3.example.org");
/** Names of Kubernetes objects do not tell the type, so the two kinds of owner have other names. */
const owner = fc.oneof(
  fc.record({ type: fc.constant("host" as const), host }),
  fc.record({ type: fc.constant("virtual" as const), host: fc.constant("load-balancer") }),
);

const attribute: fc.Arbitrary<Attribute> = fc.record({
  handle: fc.option(fc.constantFrom("h1", "h2", "k8s-pod-network.0a1b", "a\r\neth0")),
  secondary: fc.option(
    fc.dictionary(fc.constantFrom("pod", "namespace", "node", "note"), fc.string(), { maxKeys: 3 }),
  ),
});

/** Clock readings in nanoseconds, far beyond what a double holds. */
const sequenceNumber = fc.bigInt(1_700_000_000_000_000_000n, 1_700_000_000_001_000_000n);

/** Any block that can be stored, also one whose lists contradict each other. */
const anyBlock = blockCidr.chain((cidr) =>
  fc.array(attribute, { minLength: 1, maxLength: 4 }).chain((attributes) =>
    fc
      .record({
        affinity: fc.option(owner),
        allocations: fc.array(fc.option(fc.nat(attributes.length - 1)), {
          minLength: cidr.size,
          maxLength: cidr.size,
        }),
        unallocated: fc.array(fc.nat(cidr.size - 1), { maxLength: cidr.size }),
        sequenceNumber,
        stored: fc.dictionary(fc.nat(cidr.size - 1).map(String), sequenceNumber),
        claimTimeSeconds: fc.option(fc.nat(2_000_000_000)),
      })
      .map(({ stored, ...parts }) =>
        blockOf({
          cidr,
          attributes,
          ...parts,
          allocationSequenceNumbers: new Map(
            Object.entries(stored).map(([key, value]) => [Number(key), value]),
          ),
        }),
      ),
  ),
);

const anyAffinity: fc.Arbitrary<Affinity> = fc
  .record({
    owner,
    cidr: blockCidr,
    state: fc.constantFrom<AffinityState>("", "pending", "confirmed", "pendingDeletion"),
  })
  .map(({ owner: { type, host: name }, ...rest }) => ({ type, host: name, ...rest }));

const anyHandle: fc.Arbitrary<Handle> = fc.record({
  id: fc.constantFrom("h1", "h2", "k8s-pod-network.0a1b", "a\r\neth0", "lb-7"),
  blocks: fc.uniqueArray(fc.record({ cidr: blockCidr, count: fc.nat(64) }), {
    selector: ({ cidr }) => cidr.text,
    maxLength: 3,
  }),
});

const anyPool: fc.Arbitrary<Pool> = fc
  .record({
    name: fc.constantFrom("a", "b", "c"),
    cidr: fc.constantFrom("10.0.0.0/16", "10.1.0.0/24", "fd00::/112").map((text) => Cidr.of(text)),
    nodeSelector: fc.constantFrom("", "all()", "zone == 'a'"),
    namespaceSelector: fc.constantFrom("", "team == 'x'"),
    disabled: fc.boolean(),
    allowedUses: fc.subarray(["Workload", "Tunnel", "LoadBalancer"] as const),
    assignmentMode: fc.constantFrom("Automatic" as const, "Manual" as const),
  })
  .map((spec) => makePool({ ...spec, blockSize: spec.cidr.version === 4 ? 28 : 125 }));

/** A datastore with anything in it that Calico's datastore can hold. */
export const anyState: fc.Arbitrary<MemoryDatastore> = fc
  .record({
    blocks: fc.uniqueArray(anyBlock, { selector: ({ cidr }) => cidr.text, maxLength: 6 }),
    affinities: fc.array(anyAffinity, { maxLength: 6 }),
    handles: fc.array(anyHandle, { maxLength: 4 }),
    pools: fc.array(anyPool, { maxLength: 3 }),
    config: fc.option(
      fc.record({
        strictAffinity: fc.boolean(),
        autoAllocateBlocks: fc.boolean(),
        maxBlocksPerHost: fc.nat(2 ** 31 - 1),
      }),
    ),
    reserved: fc.subarray(["10.0.0.1", "10.0.1.0/28", "fd00::/120"]),
    nodes: fc.uniqueArray(host),
  })
  .map(({ blocks, affinities, handles, pools, config, reserved, nodes }) => {
    const datastore = emptyDatastore();
    for (const block of blocks) datastore.setBlock(block);
    for (const affinity of affinities) datastore.setAffinity(affinity);
    for (const handle of handles) datastore.setHandle(handle);
    for (const pool of pools) datastore.setPool(pool);
    if (config !== null) datastore.setConfig(config);
    if (reserved.length > 0) datastore.setReservation({ name: "r", cidrs: reserved });
    for (const name of nodes) datastore.setNode({ name, labels: { zone: name.slice(0, 1) } });
    return datastore;
  });
