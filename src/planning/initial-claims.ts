import { ruleOfPod } from "../cluster-state/initial-pods.js";
import { loadClaims } from "../cluster-state/load-cluster.js";
import { MemoryDatastore } from "../datastore/memory.js";
import type { ClusterDump } from "../formats/cluster/cluster-dump.js";
import type { InitialPods } from "../formats/scenario/scenario.js";

/** A block that is there when the run begins. */
export interface InitialBlock {
  readonly cidr: string;
  /** The host that owns it; null when none does. */
  readonly host: string | null;
  /** Addresses that are taken, by pods or by whom ever. */
  readonly held: number;
  readonly claimTimeSeconds: number | null;
}

/** A pod that runs when the run begins. */
export interface InitialPod {
  readonly name: string;
  readonly node: string;
  /** The blocks of its addresses. */
  readonly blocks: readonly string[];
  /** Index of the rule that tells how long it runs on; -1: for ever. */
  readonly rule: number;
}

/** What a run starts from, in a form that goes to other threads. */
export interface InitialClaims {
  readonly blocks: readonly InitialBlock[];
  readonly pods: readonly InitialPod[];
  /** What of the dump is not held, in words. */
  readonly leftOut: readonly string[];
}

/** What nodes and pods of a dump have claimed. */
export function readClaims(dump: ClusterDump, rules: readonly InitialPods[]): InitialClaims {
  const datastore = new MemoryDatastore({ existsShowsInner: false, affinityKeyShowsType: false });
  const { pods, leftOut } = loadClaims(dump, datastore);
  const names = new Set<string>();
  return {
    blocks: datastore.listBlocks().map(({ value: block }) => ({
      cidr: block.cidr.text,
      host: block.affinity?.host ?? null,
      held: block.allocatedCount,
      claimTimeSeconds: block.claimTimeSeconds ?? null,
    })),
    pods: pods.map((pod) => {
      let name = `${pod.namespace}/${pod.name}`;
      while (names.has(name)) name += "'";
      names.add(name);
      const blocks = pod.blocks.map(({ text }) => text);
      return { name, node: pod.node, blocks, rule: ruleOfPod(rules, pod) };
    }),
    leftOut,
  };
}
