import { describe, expect, it } from "vitest";
import { FaultInjector } from "../../src/datastore/fault-injector.js";
import { deleteBlock } from "../../src/datastore/request.js";
import { runningPod } from "./collector-stage.js";
import { LoopStage, seededNumbers } from "./loop-stage.js";

const RELEASES = ["v3.27.5", "v3.28.4", "v3.29.7", "v3.30.7", "v3.31.4", "v3.31.6", "v3.32.1"];
const GRACE_SECONDS = 900;

/** A stage on which something has been running for a while. */
function quietStage(release: string, random = seededNumbers(1)): LoopStage {
  const stage = new LoopStage({ release, graceSeconds: GRACE_SECONDS, blockSize: 26, random });
  stage.cluster.pods.set("web", runningPod("n1", stage.assignPod("n1", "web")));
  stage.cluster.pods.set("db", runningPod("n2", stage.assignPod("n2", "db")));
  stage.tell();
  stage.advance(60);
  return stage;
}

/** Seconds until there is no handle of this name any more, at most so many. */
function secondsUntilReleased(stage: LoopStage, handle: string, limit: number): number {
  const start = stage.seconds;
  while (stage.handles.includes(handle)) {
    if (stage.seconds - start > limit) return Infinity;
    stage.advance(1);
  }
  return stage.seconds - start;
}

describe.each(RELEASES)("%s", (release) => {
  it("frees a leak on a quiet living node one grace period after it was seen, once", () => {
    const stage = quietStage(release);
    stage.deletePod("web", "n1");
    const seconds = secondsUntilReleased(stage, "web", 3 * GRACE_SECONDS);
    expect(seconds).toBeGreaterThan(GRACE_SECONDS);
    // Seen after half a period at most, and confirmed by the timer, which comes twice a period.
    expect(seconds).toBeLessThan(2 * GRACE_SECONDS + 10);
    stage.advance(3 * GRACE_SECONDS);
    expect(stage.collector.reclaimed.on("n1")).toEqual(new Map([["pool", 1]]));
    expect(stage.collector.confirmedLeaks).toEqual([]);
    expect(stage.handles).toEqual(["db"]);
  });

  it("frees what a deleted node held within seconds", () => {
    const stage = quietStage(release);
    stage.deletePod("web", "n1");
    stage.removeNode("n1");
    stage.advance(5);
    expect(stage.handles).toEqual(["db"]);
    expect(stage.ownedBlocks).toHaveLength(1);
  });

  it("syncs twice a grace period when nothing happens", () => {
    const stage = quietStage(release);
    stage.syncs.length = 0;
    stage.advance(10 * GRACE_SECONDS);
    expect(stage.syncs.map(({ trigger }) => trigger)).toEqual(new Array(20).fill("timer"));
    expect(stage.requests).toBe(0);
  });

  it("does nothing before the watch has delivered everything", () => {
    const stage = new LoopStage({ release, graceSeconds: GRACE_SECONDS });
    stage.assignPod("n1", "web");
    stage.removeNode("n1");
    stage.collector.isInSync = false;
    stage.loop.deliver({ kind: "datastoreReady", isReady: false });
    stage.advance(2 * GRACE_SECONDS);
    expect(stage.requests).toBe(0);
    stage.loop.deliver({ kind: "datastoreReady", isReady: true });
    stage.advance(10);
    expect(stage.handles).toEqual([]);
  });
});

describe("the timer", () => {
  it("confirms a leak that it saw itself after one period or one and a half, as chance will", () => {
    const ticks = new Set<number>();
    for (let seed = 1; seed <= 20; seed++) {
      const stage = quietStage("v3.28.4", seededNumbers(seed));
      stage.deletePod("web", "n1");
      stage.advance(GRACE_SECONDS / 2);
      const seconds = secondsUntilReleased(stage, "web", 3 * GRACE_SECONDS);
      ticks.add(Math.round((2 * seconds) / GRACE_SECONDS));
    }
    expect([...ticks].sort()).toEqual([2, 3]);
  });
});

describe("without a grace period", () => {
  it.each([undefined, 0])("of %s the timer syncs every five minutes", (graceSeconds) => {
    const stage = new LoopStage({ release: "v3.28.4", graceSeconds });
    stage.advance(3001);
    expect(stage.syncs.filter(({ trigger }) => trigger === "timer")).toHaveLength(10);
  });
});

describe("events", () => {
  it.each([
    ["v3.28.4", 100],
    // One sync a second, besides those of the timer.
    ["v3.30.7", 10],
    ["v3.32.1", 10],
  ])("%s: 100 block updates in 10 s make about %i syncs", (release, count) => {
    const stage = quietStage(release);
    stage.syncs.length = 0;
    for (let i = 0; i < 100; i++) {
      stage.cluster.pods.set(`p${i}`, runningPod("n1", stage.assignPod("n1", `p${i}`)));
      stage.tell();
      stage.advance(0.1);
    }
    stage.advance(2);
    const triggered = stage.syncs.filter(({ trigger }) => trigger === "event").length;
    expect(triggered).toBeGreaterThanOrEqual(count * 0.8);
    expect(triggered).toBeLessThanOrEqual(count + 1);
  });

  it("are taken a thousand at a time, v3.30's deletions some five hundred", () => {
    const gathered = (release: string, tell: (stage: LoopStage) => void): number[] => {
      // The last of all sources that are ready comes first, which is a sync.
      const stage = quietStage(release, () => 0.999);
      stage.syncs.length = 0;
      for (let i = 0; i < 1002; i++) tell(stage);
      const start = stage.seconds;
      stage.advance(10);
      return stage.syncs.map(({ atSeconds }) => Math.floor(atSeconds - start));
    };
    const pods = (stage: LoopStage) => stage.loop.notePodDeletion("n1");
    const nodes = (stage: LoopStage) => stage.loop.deliver({ kind: "node", name: "n1" });
    // Full batches are taken at once; only the last one waits for its second.
    expect(gathered("v3.30.7", pods)).toEqual([0, 0]);
    expect(gathered("v3.31.6", pods)).toEqual([0, 1]);
    expect(gathered("v3.30.7", nodes)).toEqual([0, 1]);
    expect(gathered("v3.28.4", nodes)).toEqual([0, 0]);
  });

  it.each([
    ["v3.28.4", 0],
    ["v3.30.7", 1],
    ["v3.32.1", 1],
  ])("%s: the deletion of a pod makes %i candidates at once", (release, count) => {
    const stage = quietStage(release);
    stage.deletePod("web", "n1");
    stage.advance(5);
    expect(stage.collector.candidates).toHaveLength(count);
  });

  it.each([
    ["v3.28.4", true],
    // Only the timer looks at nodes on which nothing has changed.
    ["v3.30.7", false],
    ["v3.32.1", false],
  ])("%s: events elsewhere free a leak soon after its grace period: %s", (release, isSoon) => {
    const stage = quietStage(release);
    stage.deletePod("web", "n1");
    const start = stage.seconds;
    for (let i = 0; stage.handles.includes("web"); i++) {
      expect(i).toBeLessThan(2000);
      stage.cluster.pods.set(`p${i}`, runningPod("n2", stage.assignPod("n2", `p${i % 7}`)));
      stage.tell();
      stage.advance(1);
      stage.release(`p${i % 7}`);
      stage.tell();
    }
    const late = stage.seconds - start - GRACE_SECONDS;
    expect(late < 30).toBe(isSoon);
  });

  it("of any source are served in the order that is picked", () => {
    const triggers = (random: () => number) => {
      const stage = new LoopStage({ release: "v3.28.4", graceSeconds: 20, random });
      for (let i = 0; i < 40; i++) {
        stage.loop.noteNodeDeletion();
        stage.loop.deliver({ kind: "node", name: "n1" });
        stage.advance(1);
      }
      return stage.syncs.map(({ trigger }) => trigger);
    };
    expect(triggers(() => 0)).not.toEqual(triggers(() => 0.999));
  });
});

describe("an error", () => {
  /** A stage on which every sync fails: the node that is gone cannot be cleaned up. */
  function failingStage(release: string): LoopStage {
    const stage = quietStage(release);
    const fault = { verb: "list", kind: "affinity", nth: 1, error: "datastore" } as const;
    const dialect = { existsShowsInner: false, affinityKeyShowsType: false };
    stage.wrap = (inner) => new FaultInjector(inner, [{ ...fault, afterEffect: false }], dialect);
    stage.deletePod("web", "n1");
    stage.removeNode("n1");
    stage.syncs.length = 0;
    return stage;
  }

  it("is tried again at once up to v3.30, though node clean-up waits ever longer", () => {
    for (const release of ["v3.28.4", "v3.30.7"]) {
      const stage = failingStage(release);
      stage.advance(120);
      const failed = stage.syncs.filter(({ error }) => error !== undefined);
      // 5 ms doubling: 13 tries in the first 41 s, then one every 30 s.
      expect(failed.length).toBeGreaterThanOrEqual(14);
      expect(failed.length).toBeLessThanOrEqual(16);
    }
  });

  it("is tried again with back-off from v3.31 on, and the collector does not sleep", () => {
    for (const release of ["v3.31.0", "v3.31.6", "v3.32.1"]) {
      const stage = failingStage(release);
      stage.advance(120);
      const failed = stage.syncs.filter(({ error }) => error !== undefined);
      expect(failed.length).toBeGreaterThanOrEqual(14);
      expect(failed.length).toBeLessThanOrEqual(18);
      stage.wrap = (inner) => inner;
      stage.advance(31);
      expect(stage.ownedBlocks).toHaveLength(1);
    }
  });

  it("makes every later back-off of v3.31.0 to v3.31.4 longer, a good sync does not help", () => {
    const triesAfterRecovery = (release: string): number => {
      const stage = failingStage(release);
      const { wrap } = stage;
      stage.advance(5);
      stage.wrap = (inner) => inner;
      stage.advance(60);
      expect(stage.syncs.at(-1)?.error).toBeUndefined();
      stage.wrap = wrap;
      stage.deletePod("db", "n2");
      stage.removeNode("n2");
      stage.syncs.length = 0;
      stage.advance(60);
      return stage.syncs.filter(({ error }) => error !== undefined).length;
    };
    expect(triesAfterRecovery("v3.31.4")).toBeLessThan(9);
    expect(triesAfterRecovery("v3.31.5")).toBeGreaterThan(12);
  });

  it("of one node keeps the other nodes from being cleaned up only in the same sync", () => {
    for (const [release, text] of [
      ["v3.31.4", "injected: datastore"],
      ["v3.32.1", "work remaining: 1 nodes, 0 confirmed leaks"],
    ] as const) {
      const stage = failingStage(release);
      stage.advance(5);
      expect(stage.syncs.at(-1)?.error?.text).toBe(text);
    }
  });
});

describe("many leaks", () => {
  function leakyStage(release: string, count: number): LoopStage {
    const stage = new LoopStage({ release, graceSeconds: GRACE_SECONDS, blockSize: 26 });
    for (let i = 0; i < count; i++) stage.assignPod("n1", `p${i}`);
    stage.tell();
    stage.advance(GRACE_SECONDS + 1);
    return stage;
  }

  it("cost v3.28.4 a release each, and v3.31.0 one for all, at 10 ms a request", () => {
    const requests = (release: string): number => {
      const stage = leakyStage(release, 100);
      stage.requests = 0;
      stage.advance(GRACE_SECONDS / 2 + 60);
      expect(stage.handles).toEqual([]);
      return stage.requests;
    };
    // A pod, two pool lists, block get and update, handle get and delete, pool list, node.
    expect(requests("v3.28.4")).toBeGreaterThan(100 * 8);
    // A pod each, and handles listed once.
    expect(requests("v3.31.0")).toBeLessThan(100 * 3.3);
  });

  it("of one handle in one block leave v3.31 with a handle without addresses", () => {
    for (const [release, handles] of [
      ["v3.28.4", []],
      ["v3.31.0", ["web"]],
      ["v3.32.1", ["web"]],
    ] as const) {
      const stage = new LoopStage({ release, graceSeconds: GRACE_SECONDS });
      stage.assignPod("n1", "web", 3);
      stage.tell();
      stage.advance(2 * GRACE_SECONDS);
      expect(stage.collector.reclaimed.on("n1")).toEqual(new Map([["pool", 3]]));
      expect(stage.handles).toEqual(handles);
    }
  });
});

describe("a handle of which a deleted block held an address in use", () => {
  /** The handle has an address in each of two blocks; one block goes while its address is in use. */
  function orphanedStage(release: string): LoopStage {
    const stage = new LoopStage({ release, graceSeconds: GRACE_SECONDS });
    stage.assignPod("n1", "filler", 3);
    const addresses = stage.assignPod("n1", "web", 2);
    stage.cluster.pods.set("filler", "failed");
    stage.cluster.pods.set("web", runningPod("n1", addresses));
    stage.tell();
    stage.advance(60);
    const blocks = stage.datastore.listBlocks();
    const second = blocks.find(({ value }) => value.allocatedCount === 1)!;
    stage.datastore.perform(deleteBlock(second));
    stage.tell();
    stage.advance(5);
    stage.deletePod("web", "n1");
    return stage;
  }

  it("is stuck at v3.28.4 for ever", () => {
    const stage = orphanedStage("v3.28.4");
    stage.advance(20 * GRACE_SECONDS);
    expect(stage.handles).toEqual(["filler", "web"]);
    expect(stage.collector.confirmedLeaks).toHaveLength(1);
  });

  it.each(["v3.31.5", "v3.32.1"])("is freed at %s", (release) => {
    const stage = orphanedStage(release);
    stage.advance(2 * GRACE_SECONDS);
    expect(stage.collector.confirmedLeaks).toEqual([]);
    expect(stage.collector.reclaimed.on("n1")).toEqual(new Map([["pool", 1]]));
  });

  it("makes v3.31.4 sync without a pause, and costs a pod request each time", () => {
    const stage = orphanedStage("v3.31.4");
    stage.advance(2 * GRACE_SECONDS);
    stage.requests = 0;
    stage.advance(60);
    // 11 ms a round: 1 ms for the scan and 10 for the request.
    expect(stage.requests).toBeGreaterThan(5000);
  });
});
