import { getBlock, getHandle } from "../datastore/request.js";
import type { Found } from "../datastore/response.js";
import { type AddressNumber, formatAddress, versionOf } from "../model/address.js";
import type { Attribute } from "../model/attribute.js";
import type { Block } from "../model/block.js";
import { CalicoError, ResourceError } from "../model/calico-error.js";
import { Cidr } from "../model/cidr.js";
import type { Handle } from "../model/handle.js";
import { poolContaining, readPools } from "./consistency.js";
import type { Environment, Steps } from "./environment.js";

/**
 * Addresses of a handle, by block in map order and then by ordinal (`IPsByHandle`,
 * libcalico-go/lib/ipam/ipam.go@v3.28.4). Blocks that cannot be read are skipped.
 */
export function* ipsByHandle(
  env: Environment,
  id: string,
): Steps<readonly AddressNumber[] | CalicoError> {
  const found = (yield getHandle(id, "caller")) as Found<Handle>;
  if (found instanceof CalicoError) return found;
  const addresses: AddressNumber[] = [];
  for (const { cidr } of env.mapOrder(found.value.blocks, (block) => block.cidr.text)) {
    const block = (yield getBlock(cidr)) as Found<Block>;
    if (block instanceof CalicoError) continue;
    const ordinals = block.value.allocations.ordinalsOf(id);
    for (const ordinal of ordinals) addresses.push(cidr.addressAt(ordinal));
  }
  return addresses;
}

/**
 * What is stored with an address (`GetAssignmentAttributes`,
 * libcalico-go/lib/ipam/ipam.go@v3.28.4).
 */
export function* assignmentAttributes(
  env: Environment,
  address: AddressNumber,
): Steps<Attribute | CalicoError> {
  const missing = (why: string) =>
    new ResourceError("notFound", formatAddress(address), { existsShowsInner: false }, why);
  const pools = yield* readPools(env);
  if (pools instanceof CalicoError) return pools;
  const pool = poolContaining(pools.enabled[versionOf(address)], address);
  if (pool === undefined) return missing("No valid IPPool");
  const block = (yield getBlock(Cidr.containing(address, pool.pool.blockSize))) as Found<Block>;
  if (block instanceof CalicoError) return block;
  return block.value.attributeOf(block.value.ordinalOf(address)) ?? missing("IP is unassigned");
}
