/** What became of the pods of one executor. */
export interface GroupCounts {
  /** Pods that the schedule wanted. */
  wanted: number;
  /** Pods that got a node. */
  started: number;
  /** Pods that were given up because no node had room. */
  notStarted: number;
  /** Pods that got their network. */
  ready: number;
  /** Pods that ended in peace. */
  removed: number;
  /** Pods that vanished without CNI DEL. */
  dropped: number;
}
