import type { AddressNumber, IpVersion } from "../model/address.js";
import { BlockGeometry } from "../model/block-walk.js";
import { type CalicoError, textError } from "../model/calico-error.js";
import type { Cidr } from "../model/cidr.js";
import type { Node } from "../model/node.js";
import type { Pool, PoolUse } from "../model/pool.js";
import { parseSelector, type Selector, SelectorSyntaxError } from "../model/selector.js";
import type { Behaviours } from "../releases/behaviours.js";

type Labels = Readonly<Record<string, string>>;

function compile(text: string): Selector | CalicoError | undefined {
  if (text === "" || text === "all()") return undefined;
  const selector = parseSelector(text);
  return selector instanceof SelectorSyntaxError ? textError(selector.message) : selector;
}

function matches(selector: Selector | CalicoError | undefined, labels: Labels) {
  if (selector === undefined) return true;
  return "evaluate" in selector ? selector.evaluate(labels) : selector;
}

/** A pool with what follows from it alone: its blocks and its parsed selectors. */
export class PoolView {
  readonly cidr: Cidr;
  readonly blocks: BlockGeometry;
  readonly #nodeSelector: Selector | CalicoError | undefined;
  readonly #namespaceSelector: Selector | CalicoError | undefined;

  constructor(readonly pool: Pool & { readonly cidr: Cidr }) {
    this.cidr = pool.cidr;
    this.blocks = new BlockGeometry(pool.cidr, pool.blockSize);
    this.#nodeSelector = compile(pool.nodeSelector);
    this.#namespaceSelector = compile(pool.namespaceSelector);
  }

  contains(address: AddressNumber): boolean {
    return this.cidr.contains(address);
  }

  allows(use: PoolUse): boolean {
    return this.pool.allowedUses.includes(use);
  }

  /** Whether the pool selects the node; a syntax error of the selector is returned as it is. */
  selectsNode(node: Node): boolean | CalicoError {
    return matches(this.#nodeSelector, node.labels);
  }

  /** Whether the pool selects the pod's namespace. */
  selectsNamespace(labels: Labels): boolean | CalicoError {
    return matches(this.#namespaceSelector, labels);
  }
}

/** One pool list, split as operations need it. */
export interface PoolSet {
  /** Every pool whose cidr is a network, disabled ones too, in name order. */
  readonly all: readonly PoolView[];
  /** The enabled ones of each version. */
  readonly enabled: Readonly<Record<IpVersion, readonly PoolView[]>>;
}

/** The enabled pools of a version. Each version has its own access, which the compiler keeps fast. */
export function enabledPools({ enabled }: PoolSet, version: IpVersion): readonly PoolView[] {
  return version === 4 ? enabled[4] : enabled[6];
}

/**
 * Turns pool lists into views. Pools hardly ever change, so views are kept as long as the driver
 * hands out the same objects.
 */
export class PoolViews {
  readonly #views = new WeakMap<Pool, PoolView>();
  readonly #sets = new WeakMap<readonly Pool[], PoolSet>();

  constructor(private readonly release: Behaviours) {}

  of(pools: readonly Pool[]): PoolSet {
    let set = this.#sets.get(pools);
    if (set === undefined) {
      set = this.#split(pools);
      this.#sets.set(pools, set);
    }
    return set;
  }

  #split(pools: readonly Pool[]): PoolSet {
    const all: PoolView[] = [];
    for (const pool of pools) {
      const view = this.#viewOf(pool);
      if (view !== undefined) all.push(view);
    }
    const enabled = (version: IpVersion) =>
      all.filter((view) => view.cidr.version === version && this.#isEnabled(view.pool));
    return { all, enabled: { 4: enabled(4), 6: enabled(6) } };
  }

  #isEnabled(pool: Pool): boolean {
    if (pool.disabled) return false;
    if (pool.beingDeleted && this.release.poolsBeingDeleted === "left out") return false;
    return pool.allocatable || !this.release.poolAllocatableCondition;
  }

  #viewOf(pool: Pool): PoolView | undefined {
    const { cidr } = pool;
    if (cidr === undefined) return undefined;
    let view = this.#views.get(pool);
    if (view === undefined) {
      view = new PoolView({ ...pool, cidr });
      this.#views.set(pool, view);
    }
    return view;
  }
}
