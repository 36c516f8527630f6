import type { PlacementName } from "../formats/scenario/placement-name.js";

/** What a placement sees of the cluster. Nodes are indices from 0 in the order of their joining. */
export interface NodeView {
  /** Pods on the node, of whatever executor. */
  podCount(node: number): number;
  /** Whether the node takes one more pod: there, ready, not cordoned, with room. */
  isOpen(node: number): boolean;
}

/** Chooses the node of each pod that comes, among its candidates. */
export interface Placement {
  /** The node for the next pod; undefined when none has room. */
  place(): number | undefined;
  /** Adds a candidate. */
  join(node: number): void;
  /** Takes a candidate away for good. */
  leave(node: number): void;
  /** Tells that a node's pods, or whether it takes any, have changed. */
  changed(node: number): void;
}

/** Nodes in turn, at each arrival the next one that is open, wherever pods have ended meanwhile. */
class RoundRobin implements Placement {
  readonly #nodes: number[] = [];
  #next = 0;

  constructor(private readonly view: NodeView) {}

  place(): number | undefined {
    const nodes = this.#nodes;
    for (let tried = 0; tried < nodes.length; tried++) {
      const node = nodes[this.#next]!;
      this.#next = this.#next + 1 === nodes.length ? 0 : this.#next + 1;
      if (this.view.isOpen(node)) return node;
    }
    return undefined;
  }

  join(node: number): void {
    this.#nodes.push(node);
  }

  leave(node: number): void {
    const place = this.#nodes.indexOf(node);
    if (place < 0) return;
    this.#nodes.splice(place, 1);
    if (place < this.#next) this.#next--;
    if (this.#next === this.#nodes.length) this.#next = 0;
  }

  changed(): void {
    // The turn does not depend on who has left.
  }
}

/** Any open node, all equally likely, by one draw a pod. */
class Random implements Placement {
  readonly #open: number[] = [];
  /** Place of a node in the list of open ones. */
  readonly #places = new Map<number, number>();
  readonly #candidates = new Set<number>();

  constructor(
    private readonly view: NodeView,
    private readonly random: () => number,
  ) {}

  place(): number | undefined {
    // The draw is made even when it chooses nothing, so that later pods do not get other draws.
    const draw = this.random();
    return this.#open[Math.floor(draw * this.#open.length)];
  }

  join(node: number): void {
    this.#candidates.add(node);
    this.changed(node);
  }

  leave(node: number): void {
    this.changed(node);
    this.#candidates.delete(node);
  }

  changed(node: number): void {
    if (!this.#candidates.has(node)) return;
    const place = this.#places.get(node);
    const isOpen = this.view.isOpen(node);
    if (isOpen === (place !== undefined)) return;
    if (place === undefined) {
      this.#places.set(node, this.#open.length);
      this.#open.push(node);
      return;
    }
    const last = this.#open.pop()!;
    this.#places.delete(node);
    if (last === node) return;
    this.#open[place] = last;
    this.#places.set(last, place);
  }
}

/**
 * The open node with the least cost, of equals the first. A tournament: the leaves are the
 * candidates, every inner place holds the winner of its two children, so that the winner of all
 * stands at place 1 and a change costs one match a level.
 */
class Cheapest implements Placement {
  readonly #nodes: number[] = [];
  readonly #leafOf = new Map<number, number>();
  #leafCount = 1;
  /** Cost by leaf; Infinity for a node that is not open, and for the leaves that fill the level. */
  #cost = new Float64Array([Infinity]);
  #winner = new Int32Array(2);

  constructor(
    private readonly view: NodeView,
    private readonly costOf: (podCount: number) => number,
  ) {}

  place(): number | undefined {
    const leaf = this.#winner[1]!;
    return this.#cost[leaf] === Infinity ? undefined : this.#nodes[leaf];
  }

  join(node: number): void {
    const leaf = this.#nodes.length;
    this.#nodes.push(node);
    this.#leafOf.set(node, leaf);
    if (leaf === this.#leafCount) this.#grow();
    this.changed(node);
  }

  leave(node: number): void {
    this.changed(node);
    this.#leafOf.delete(node);
  }

  changed(node: number): void {
    const leaf = this.#leafOf.get(node);
    if (leaf === undefined) return;
    this.#cost[leaf] = this.view.isOpen(node) ? this.costOf(this.view.podCount(node)) : Infinity;
    for (let place = (this.#leafCount + leaf) >> 1; place > 0; place >>= 1) this.#play(place);
  }

  #grow(): void {
    this.#leafCount *= 2;
    const cost = new Float64Array(this.#leafCount).fill(Infinity);
    cost.set(this.#cost);
    this.#cost = cost;
    this.#winner = new Int32Array(2 * this.#leafCount);
    for (let i = 0; i < this.#leafCount; i++) this.#winner[this.#leafCount + i] = i;
    for (let place = this.#leafCount - 1; place > 0; place--) this.#play(place);
  }

  #play(place: number): void {
    const left = this.#winner[2 * place]!;
    const right = this.#winner[2 * place + 1]!;
    this.#winner[place] = this.#cost[left]! <= this.#cost[right]! ? left : right;
  }
}

/**
 * A placement without candidates yet.
 *
 * @param random stream of draws in [0, 1), used by `random` alone.
 */
export function createPlacement(
  name: PlacementName,
  view: NodeView,
  random: () => number,
): Placement {
  switch (name) {
    case "round-robin":
      return new RoundRobin(view);
    case "least-pods":
      return new Cheapest(view, (pods) => pods);
    case "most-pods":
      return new Cheapest(view, (pods) => -pods);
    case "random":
      return new Random(view, random);
  }
}
