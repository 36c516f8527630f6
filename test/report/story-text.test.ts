import { describe, expect, it } from "vitest";
import type { LeftBehind } from "../../src/analysis/pod-story.js";
import { storyText } from "../../src/report/story-text.js";

function textOf(leak: Omit<LeftBehind, "sandbox" | "handle">): string {
  const leftBehind = [{ sandbox: "sandbox-9", handle: "k8s-pod-network.sandbox-9", ...leak }];
  const pod = { pod: "web-1", namespace: "default", node: "n1", readyUs: null, commands: [] };
  return storyText({ ...pod, intendedUs: 0, startedUs: 0, leftBehind, causes: [] }, 200);
}

const HANDLE = "handle k8s-pod-network.sandbox-9";
const HELD = "held by nobody at the end of the run (ADD for sandbox-9)";

describe("what a pod left behind", () => {
  it.each([
    [true, [], `${HANDLE} without an address, ${HELD}`],
    [true, ["10.0.0.5"], `${HANDLE} with 10.0.0.5, ${HELD}`],
    [true, ["10.0.0.5", "fd00::5"], `${HANDLE} with 10.0.0.5 and fd00::5, ${HELD}`],
    [
      false,
      ["10.0.0.5"],
      `10.0.0.5 of ${HANDLE}, which is not there so that no DEL finds it, ${HELD}`,
    ],
  ])("is told: handle object %s, addresses %j", (hasObject, addresses, text) => {
    expect(textOf({ hasObject, addresses })).toContain(`\nleft behind     ${text}\n`);
  });
});
