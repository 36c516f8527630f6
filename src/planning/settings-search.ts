import { addressBits } from "../model/address.js";
import type { IpamConfig } from "../model/ipam-config.js";
import type { UsablePool } from "../model/pool.js";
import { findFrontier, type Meets } from "./bisection.js";
import { type PlanSummary, type Risk, summarize } from "./plan-summary.js";
import type { PlanSettings } from "./plan-settings.js";
import type { RiskProbe } from "./risk-probe.js";
import { EFFORTS } from "../formats/result/plan-result.js";
import type { RunOutcome } from "./run-outcome.js";

export type Effort = (typeof EFFORTS)[number];

/** One row of the table of choices. */
export interface Choice {
  /** As in `pool 10.40.0.0/19`. */
  readonly name: string;
  readonly effort: Effort;
  readonly settings: PlanSettings;
  readonly risk: Risk;
  readonly meets: boolean;
  readonly summary: PlanSummary;
  /** Requests to the Kubernetes API server in a day; null when a run takes no time. */
  readonly apiRequestsPerDay: number | null;
}

export interface SearchResult {
  readonly choices: readonly Choice[];
  /** Index of the choice to be taken; null when none meets the target. */
  readonly recommended: number | null;
  readonly why: string;
  /** Whether the risk changed in one direction with the size of the pool, the limit and the nodes. */
  readonly isMonotone: boolean;
  /** False when time ran out before everything was looked at. */
  readonly isWhole: boolean;
}

interface Candidate {
  readonly name: string;
  readonly effort: Effort;
  readonly settings: PlanSettings;
}

/** What the search starts from. */
export interface SearchWorld {
  /** The pools, of which those of the first one's IP version are varied. */
  readonly pools: readonly UsablePool[];
  readonly config: IpamConfig;
  readonly nodes: number;
}

const DEFAULT_MAX_BLOCKS_PER_HOST = 20;
const MAX_BLOCKS_PER_HOST_MAX = 4096;
/** A pool is made at most so many times as large. */
const POOL_DOUBLINGS = 8;
/** Block sizes this far from the present one are looked at, to larger and to smaller blocks. */
const BLOCK_BITS_LARGER = 6;
const BLOCK_BITS_SMALLER = 4;

/** Looks for settings with which the risk stays within the probe's target. */
export class SettingsSearch {
  #isMonotone = true;
  #isWhole = true;

  constructor(
    private readonly probe: RiskProbe,
    private readonly world: SearchWorld,
    private readonly apiRequestsPerDay: (
      settings: PlanSettings,
      outcomes: readonly RunOutcome[],
    ) => Promise<number | null>,
    private readonly onChoice: (name: string) => void,
  ) {}

  async run(): Promise<SearchResult> {
    const choices: Choice[] = [];
    const take = async (candidate: Candidate | undefined): Promise<void> => {
      if (candidate === undefined) return;
      this.onChoice(candidate.name);
      const outcomes = await this.probe.outcomes(candidate.settings);
      if (outcomes === undefined) this.#isWhole = false;
      else choices.push(await this.#choice(candidate, outcomes));
    };
    await take({ name: "as it is", effort: "nothing", settings: {} });
    const asItIs = choices[0]?.meets ?? true;
    await take(await this.#poolSize(asItIs));
    await take(await this.#blockLimit(asItIs));
    await take(this.#affinity());
    await take(await this.#nodeCount(asItIs));
    for (const candidate of this.#blockSizes()) await take(candidate);
    if (!choices.some(({ meets }) => meets)) {
      for (const candidate of this.#pairs()) {
        await take(candidate);
        if (choices.at(-1)?.meets === true) break;
      }
    }
    const recommended = recommend(choices);
    return {
      choices,
      recommended,
      why: whyOf(choices, recommended),
      isMonotone: this.#isMonotone,
      isWhole: this.#isWhole,
    };
  }

  async #choice(candidate: Candidate, outcomes: readonly RunOutcome[]): Promise<Choice> {
    const summary = summarize(
      outcomes,
      outcomes[0]!.pools.map((_, i) => String(i)),
    );
    const { risk } = summary;
    const apiRequestsPerDay = await this.apiRequestsPerDay(candidate.settings, outcomes);
    const meets = risk.failed <= this.probe.allowed;
    return { ...candidate, risk, meets, summary, apiRequestsPerDay };
  }

  get #pool(): UsablePool {
    return this.world.pools[0]!;
  }

  #blockSizes(): Candidate[] {
    const { blockSize: present, cidr } = this.#pool;
    const width = addressBits(cidr.version);
    const first = Math.max(cidr.prefix, present - BLOCK_BITS_LARGER, width - 12);
    const last = Math.min(width, present + BLOCK_BITS_SMALLER);
    const sizes = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
    return sizes.filter((size) => size !== present).map((size) => this.#blockSize(size));
  }

  #blockSize(blockSize: number): Candidate {
    return { name: `blockSize ${blockSize}`, effort: "new blocks", settings: { blockSize } };
  }

  #poolOf(poolPrefixShift: number): Candidate {
    const { cidr } = this.#pool;
    const name = `pool /${cidr.prefix + poolPrefixShift} instead of /${cidr.prefix}`;
    // A pool cannot shrink: fewer addresses are a new pool.
    const effort = poolPrefixShift < 0 ? "more addresses" : "new blocks";
    return { name, effort, settings: { poolPrefixShift } };
  }

  /** The smallest enlargement that helps; or, where there is room, the smallest pool that still does. */
  async #poolSize(asItIs: boolean): Promise<Candidate | undefined> {
    const { cidr, blockSize } = this.#pool;
    const meets: Meets = (poolPrefixShift) => this.probe.meets({ poolPrefixShift });
    const doublings = Math.min(POOL_DOUBLINGS, cidr.prefix - 8);
    const shift = asItIs
      ? await this.#frontier(0, blockSize - cidr.prefix, meets)
      : await this.#frontier(-doublings, 0, meets);
    return shift === undefined || shift === 0 ? undefined : this.#poolOf(shift);
  }

  /**
   * The least limit of blocks that helps; the largest, to show that it does not, where none does.
   * Calico takes one only together with strict affinity.
   */
  async #blockLimit(asItIs: boolean): Promise<Candidate | undefined> {
    const { strictAffinity, maxBlocksPerHost } = this.world.config;
    const present = maxBlocksPerHost || DEFAULT_MAX_BLOCKS_PER_HOST;
    const settings = (limit: number) => ({ strictAffinity: true, maxBlocksPerHost: limit });
    if (asItIs) return undefined;
    const meets: Meets = (limit) => this.probe.meets(settings(limit));
    const found = await this.#frontier(MAX_BLOCKS_PER_HOST_MAX, present, meets);
    // Without strict affinity the row of that mode shows the same.
    if (found === undefined && !strictAffinity) return undefined;
    const limit = found ?? MAX_BLOCKS_PER_HOST_MAX;
    if (limit === present) return undefined;
    return {
      name: `maxBlocksPerHost ${limit}${strictAffinity ? "" : " and strictAffinity true"}`,
      effort: strictAffinity ? "configuration" : "another mode",
      settings: settings(limit),
    };
  }

  #affinity(): Candidate {
    const { strictAffinity } = this.world.config;
    // A limit of its own goes with strict affinity only.
    const settings: PlanSettings = strictAffinity
      ? { strictAffinity: false, maxBlocksPerHost: 0 }
      : { strictAffinity: true };
    return { name: `strictAffinity ${!strictAffinity}`, effort: "another mode", settings };
  }

  /** The number of nodes nearest to the present one that helps. */
  async #nodeCount(asItIs: boolean): Promise<Candidate | undefined> {
    const { nodes } = this.world;
    if (asItIs) return undefined;
    const meets: Meets = (nodesMore) => this.probe.meets({ nodesMore });
    const fewer = nodes > 1 ? await this.#frontier(1 - nodes, 0, meets) : undefined;
    const more = fewer ?? (await this.#frontier(nodes * 3, 0, meets));
    if (more === undefined || more === 0) return undefined;
    const settings = { nodesMore: more };
    return { name: `${nodes + more} nodes`, effort: "other nodes", settings };
  }

  /** Two changes together, the smallest first. */
  *#pairs(): Generator<Candidate> {
    const { prefix } = this.#pool.cidr;
    for (let shift = -1; shift >= -Math.min(4, prefix - 8); shift--) {
      for (const { name, settings } of this.#blockSizes()) {
        const pool = this.#poolOf(shift);
        yield {
          name: `${pool.name}, ${name}`,
          effort: "new blocks",
          settings: { ...pool.settings, ...settings },
        };
      }
    }
  }

  async #frontier(near: number, far: number, meets: Meets): Promise<number | undefined> {
    const found = await findFrontier(near, far, meets);
    if (found === undefined) this.#isWhole = false;
    else if (!found.isMonotone) this.#isMonotone = false;
    return found?.farthest ?? undefined;
  }
}

/** The choice that asks least of the operator; among equals that of the fewest routes. */
function recommend(choices: readonly Choice[]): number | null {
  const cost = ({ effort, summary }: Choice): number =>
    EFFORTS.indexOf(effort) * 1e9 + summary.routesPeak.p95;
  const good = [...choices.entries()].filter(([, { meets }]) => meets);
  const best = good.toSorted(([, a], [, b]) => cost(a) - cost(b))[0];
  return best?.[0] ?? null;
}

const REASONS: Readonly<Record<Effort, string>> = {
  nothing: "the risk is within the target as it is",
  configuration: "a setting alone does it: no address and no pod has to move",
  "more addresses": "addresses are added and nothing has to move; more routes and nodes find room",
  "new blocks":
    "block size is what binds. It is fixed when a pool is made: make a new pool, move the pods",
  "another mode": "only a change of affinity helps; it changes which routes are announced",
  "other nodes": "no setting of IPAM helps, the number of nodes does",
};

function whyOf(choices: readonly Choice[], recommended: number | null): string {
  if (recommended === null) return "none of the choices keeps the risk within the target";
  return REASONS[choices[recommended]!.effort];
}
