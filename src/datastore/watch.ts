import type { Block } from "../model/block.js";
import type { Cidr } from "../model/cidr.js";
import type { Node } from "../model/node.js";
import type { Pool } from "../model/pool.js";

/** Is told of every change of what controllers watch, at once and in order. */
export interface DatastoreWatch {
  blockChanged(block: Block): void;
  blockDeleted(cidr: Cidr): void;
  nodeChanged(node: Node): void;
  nodeDeleted(name: string): void;
  poolChanged(pool: Pool): void;
  poolDeleted(name: string): void;
}
