import type { PlacementName } from "../formats/scenario/placement-name.js";

/** Chooses the node of each pod that arrives. Nodes are indices from 0 in the scenario's order. */
export interface Placement {
  /** The node for the next pod. */
  place(): number;
  /** Tells that a pod of this node has ended. */
  release(nodeIndex: number): void;
}

/** Nodes in turn, at each arrival the next one, wherever pods have ended meanwhile. */
class RoundRobin implements Placement {
  #next = 0;

  constructor(private readonly nodeCount: number) {}

  place(): number {
    const node = this.#next;
    this.#next = node + 1 === this.nodeCount ? 0 : node + 1;
    return node;
  }

  release(): void {
    // The turn does not depend on who has left.
  }
}

/** Any node, all equally likely. */
class Random implements Placement {
  constructor(
    private readonly nodeCount: number,
    private readonly random: () => number,
  ) {}

  place(): number {
    return Math.floor(this.random() * this.nodeCount);
  }

  release(): void {
    // The draw does not depend on who has left.
  }
}

/**
 * The node with the fewest pods, of equals the first. A tournament: the leaves are the nodes, every
 * inner place holds the winner of its two children, so that the winner of all stands at place 1 and
 * a change costs one match a level.
 */
class LeastPods implements Placement {
  readonly #leafCount: number;
  /** Pods by node; the leaves that fill the last level up can never win. */
  readonly #podCount: Float64Array;
  readonly #winner: Int32Array;

  constructor(nodeCount: number) {
    this.#leafCount = 2 ** Math.ceil(Math.log2(nodeCount));
    this.#podCount = new Float64Array(this.#leafCount).fill(Infinity).fill(0, 0, nodeCount);
    this.#winner = new Int32Array(2 * this.#leafCount);
    for (let i = 0; i < this.#leafCount; i++) this.#winner[this.#leafCount + i] = i;
    for (let place = this.#leafCount - 1; place > 0; place--) this.#play(place);
  }

  place(): number {
    const node = this.#winner[1]!;
    this.#change(node, 1);
    return node;
  }

  release(nodeIndex: number): void {
    if (!(this.#podCount[nodeIndex]! > 0)) {
      throw new RangeError(`node ${nodeIndex} has no pod to release`);
    }
    this.#change(nodeIndex, -1);
  }

  #change(node: number, by: number): void {
    this.#podCount[node]! += by;
    for (let place = (this.#leafCount + node) >> 1; place > 0; place >>= 1) this.#play(place);
  }

  #play(place: number): void {
    const left = this.#winner[2 * place]!;
    const right = this.#winner[2 * place + 1]!;
    this.#winner[place] = this.#podCount[left]! <= this.#podCount[right]! ? left : right;
  }
}

/**
 * A placement over this many nodes.
 *
 * @param random stream of draws in [0, 1), used by `random` alone.
 * @throws RangeError when there is no node.
 */
export function createPlacement(
  name: PlacementName,
  nodeCount: number,
  random: () => number,
): Placement {
  if (!Number.isInteger(nodeCount) || nodeCount < 1) {
    throw new RangeError(`expected at least one node, found ${nodeCount}`);
  }
  switch (name) {
    case "round-robin":
      return new RoundRobin(nodeCount);
    case "least-pods":
      return new LeastPods(nodeCount);
    case "random":
      return new Random(nodeCount, random);
  }
}
