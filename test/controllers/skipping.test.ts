import { describe, expect, it } from "vitest";
import { runningPod, Stage } from "./collector-stage.js";
import { seededNumbers } from "./loop-stage.js";

const NODES = ["n1", "n2", "n3"];
const PODS = Array.from({ length: 8 }, (_, i) => `p${i}`);

/** Does one thing to a cluster, and tells a collector that wants to know of it. */
function act(stage: Stage, random: () => number): void {
  const of = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const pod = of(PODS);
  const node = of(NODES);
  const { cluster, collector } = stage;
  switch (Math.floor(random() * 12)) {
    case 0:
    case 1:
      if (!cluster.nodes.has(node)) return;
      cluster.pods.set(pod, runningPod(node, stage.assignPod(node, pod, 1 + random() * 2)));
      break;
    case 2:
      cluster.pods.delete(pod);
      break;
    case 3:
      stage.release(pod);
      break;
    case 4:
      cluster.pods.set(pod, runningPod(of(NODES), ["10.0.0.1"]));
      break;
    case 5:
      if (cluster.nodes.has(node)) stage.removeNode(node, { staysInCalico: random() < 0.5 });
      else stage.addNode(node);
      collector.requireFullScan();
      collector.noteNodeChange(node);
      break;
    case 6:
      if (random() < 0.5) cluster.live.set(pod, "failed");
      else cluster.live.delete(pod);
      break;
    case 7:
      // The watch has not told the collector of a node that is there, or did.
      if (random() < 0.5) collector.deleteNode(node);
      else if (cluster.nodes.has(node)) collector.updateNode(node);
      break;
    case 8:
      if (!cluster.nodes.has(node)) return;
      stage.assign(node, `tunnel-${node}`, { type: "vxlanTunnelAddress" });
      break;
    default:
      stage.advance(of([1, 30, 61]));
      stage.tellBlocks();
      if (random() < 0.5) collector.requireFullScan();
      stage.syncOnly();
      return;
  }
  collector.notePodChange(`default/${pod}`);
}

describe("a collector that skips nodes without change", () => {
  it.each(["v3.27.5", "v3.28.4", "v3.30.7", "v3.31.6", "v3.32.1"])(
    "does in %s what one does that looks at all",
    (release) => {
      for (let seed = 1; seed <= 8; seed++) {
        const stages = [false, true].map((skipsUnchanged) => {
          const stage = new Stage({ release, graceSeconds: 60, skipsUnchanged });
          stage.addNode("n3");
          return stage;
        });
        const randoms = stages.map(() => seededNumbers(seed));
        for (let step = 0; step < 200; step++) {
          const [plain, skipping] = stages.map((stage, i) => {
            stage.calls = [];
            act(stage, randoms[i]!);
            const { collector, calls, handles, ownedBlocks } = stage;
            const { candidates, confirmedLeaks } = collector;
            return { calls, handles, ownedBlocks, candidates, confirmedLeaks };
          });
          expect(skipping, `seed ${seed}, step ${step}`).toEqual(plain);
        }
      }
    },
  );
});
