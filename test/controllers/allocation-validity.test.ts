import { describe, expect, it } from "vitest";
import { Allocation } from "../../src/controllers/allocation.js";
import { isInUse } from "../../src/controllers/allocation-validity.js";
import type { Pod, PodLookup } from "../../src/model/pod.js";

const POD_ATTRIBUTES = { namespace: "default", pod: "web", node: "n1" };
const POD: Pod = { node: "n1", phase: "Running", addresses: ["10.0.0.1"], isReleased: false };

describe("isInUse", () => {
  it.each<[string, PodLookup, boolean]>([
    ["the pod has the address", POD, true],
    ["the pod has it as second address", { ...POD, addresses: ["fd00::1", "10.0.0.1"] }, true],
    ["the pod has another address", { ...POD, addresses: ["10.0.0.2"] }, false],
    ["the pod has no address yet", { ...POD, addresses: [] }, true],
    ["the pod reports what is no address", { ...POD, addresses: ["10.0.0.300"] }, true],
    ["the pod is on another node", { ...POD, node: "n2", addresses: [] }, false],
    ["the pod is on no node", { ...POD, node: "" }, true],
    ["the pod succeeded", { ...POD, phase: "Succeeded" }, false],
    ["the pod failed", { ...POD, phase: "Failed" }, false],
    ["the pod failed before it had one", { ...POD, phase: "Failed", addresses: [] }, true],
    ["the pod's network is taken down", { ...POD, isReleased: true }, false],
    ["the pod is gone", "notFound", false],
    ["the pod cannot be looked up", "failed", true],
  ])("when %s", (_what, lookup, expected) => {
    const allocation = new Allocation("10.0.0.1", "h", POD_ATTRIBUTES, 0n, "10.0.0.0/26");
    allocation.kubernetesNode = "n1";
    expect(isInUse(allocation, lookup)).toBe(expected);
  });

  it.each([
    ["ipipTunnelAddress", "n1", true],
    ["vxlanTunnelAddress", "", false],
    ["vxlanV6TunnelAddress", "", false],
    ["wireguardTunnelAddress", "", false],
    ["wireguardV6TunnelAddress", "", false],
    // Not a tunnel: without pod it cannot be judged.
    ["somethingElse", "", true],
  ])("judges type %s on Kubernetes node '%s' by the node", (type, node, expected) => {
    const allocation = new Allocation("10.0.0.1", "h", { type }, 0n, "10.0.0.0/26");
    allocation.kubernetesNode = node;
    expect(isInUse(allocation, "notFound")).toBe(expected);
  });
});
