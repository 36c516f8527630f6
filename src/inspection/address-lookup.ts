import type { ClusterDump } from "../formats/cluster/cluster-dump.js";
import type { AddressNumber } from "../model/address.js";
import type { Attribute } from "../model/attribute.js";
import { Cidr } from "../model/cidr.js";
import { poolsOf } from "./utilization.js";

/**
 * What is stored with an assigned address, or undefined when it is not assigned. Looks as Calico does
 * (`GetAssignmentAttributes`, `libcalico-go/lib/ipam/ipam.go@v3.28.4`): in the block that the first
 * enabled pool with this address gives, so not outside enabled pools.
 */
export function lookUpAddress(dump: ClusterDump, address: AddressNumber): Attribute | undefined {
  const pool = poolsOf(dump).find(({ cidr, disabled }) => !disabled && cidr.contains(address));
  if (pool === undefined) return undefined;
  const { text } = Cidr.containing(address, pool.blockSize);
  const block = dump.blocks.find(({ value }) => value.cidr.text === text)?.value;
  return block?.attributeOf(block.ordinalOf(address));
}
