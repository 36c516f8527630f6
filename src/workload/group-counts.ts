/** What became of the pods of one executor. */
export interface GroupCounts {
  /** Pods that the schedule wanted. */
  wanted: number;
  /** Pods that got a node. */
  started: number;
  /** Pods that were given up because no node had room. */
  notStarted: number;
  /** Pods that had to wait until a node had room. */
  waited: number;
  /** Pods that wait now. */
  waiting: number;
  /** Pods that got their network. */
  ready: number;
  /** Pods that ended in peace. */
  removed: number;
  /** Pods that vanished without CNI DEL. */
  dropped: number;
}

export function noCounts(): GroupCounts {
  return {
    wanted: 0,
    started: 0,
    notStarted: 0,
    waited: 0,
    waiting: 0,
    ready: 0,
    removed: 0,
    dropped: 0,
  };
}
