import type { MemoryDatastore } from "../datastore/memory.js";
import { WINDOWS_RESERVED_HANDLE } from "../model/block.js";
import { UNLIMITED } from "../protocol/environment.js";
import { runToEnd } from "../protocol/run.js";
import type { Kernel } from "../simulation/kernel.js";
import type { ClusterNode, PodNetworkEvents } from "../workload/pod-network.js";
import type { NetworkMeasures } from "./network-measures.js";
import { startNode } from "./node-start.js";
import { NodeStarter } from "./node-starter.js";
import type { ReleaseSurroundings } from "./release-surroundings.js";
import { tunnelHandles, wantTunnels } from "./tunnel-addresses.js";

/** The starts of calico-node on all nodes, and what the nodes hold for themselves. */
export class NodeStarts {
  /** Handles of addresses that belong to nodes and not to pods. */
  readonly ownHandles = new Set([WINDOWS_RESERVED_HANDLE]);
  readonly #starters = new Map<ClusterNode, NodeStarter>();

  constructor(
    private readonly datastore: MemoryDatastore,
    private readonly kernel: Kernel,
    private readonly windows: boolean,
    private readonly measures: NetworkMeasures,
    private readonly events: PodNetworkEvents,
  ) {}

  /**
   * Starts calico-node; the node is ready once that has succeeded. Nodes that are there from the
   * beginning have been started before, if that is possible.
   *
   * @param isStarted whether the state that the run begins with has what the node's start leaves.
   */
  join(node: ClusterNode, surroundings: ReleaseSurroundings, isStarted: boolean): void {
    const { kernel, datastore, windows, events } = this;
    for (const handle of tunnelHandles(node.name)) this.ownHandles.add(handle);
    if (kernel.woken === 0) {
      const hasWork = !isStarted && (windows || wantTunnels(datastore.pools));
      const steps = startNode(surroundings.ipam, { ...UNLIMITED, windows }, node.name);
      const error = hasWork ? runToEnd(steps, datastore) : undefined;
      if (error === undefined) {
        events.nodeReady(node);
        return;
      }
    }
    this.restart(node, surroundings);
  }

  /** Starts calico-node at once, and again until that succeeds. */
  restart(node: ClusterNode, surroundings: ReleaseSurroundings): void {
    const { kernel, windows, measures, events } = this;
    this.#starters.get(node)?.stop();
    const starter = new NodeStarter(kernel, node.name, windows, surroundings, {
      started: () => {
        measures.nodeStarts++;
        this.#starters.delete(node);
        events.nodeReady(node);
      },
      failed: (text) => {
        measures.failedNodeStarts++;
        measures.noteText(`calico-node: ${text}`);
      },
    });
    this.#starters.set(node, starter);
    kernel.schedule(kernel.nowUs, starter);
  }

  /** The machine stops. */
  stop(node: ClusterNode): void {
    this.#starters.get(node)?.stop();
    this.#starters.delete(node);
  }

  /** The node object is deleted: what the node holds has leaked. */
  forget({ name }: ClusterNode): void {
    for (const handle of tunnelHandles(name)) this.ownHandles.delete(handle);
  }
}
