import { describe, expect, it } from "vitest";
import { TimeLimits } from "../../src/node/time-limits.js";
import { Kernel } from "../../src/simulation/kernel.js";

describe("TimeLimits", () => {
  it("stops what still runs when its time is up, and nothing else", () => {
    const kernel = new Kernel();
    const stopped: [name: string, timeUs: number][] = [];
    const limits = new TimeLimits<{ name: string; isOver: boolean }>(kernel, 100, (item) => {
      stopped.push([item.name, kernel.nowUs]);
      item.isOver = true;
      if (item.name === "a") limits.watch({ name: "d", isOver: false });
    });
    const over = { name: "b", isOver: false };
    limits.watch({ name: "a", isOver: false });
    kernel.schedule(30, { wake: () => limits.watch(over) });
    kernel.schedule(40, { wake: () => limits.watch({ name: "c", isOver: false }) });
    kernel.schedule(50, { wake: () => (over.isOver = true) });
    kernel.run(Infinity);
    expect(stopped).toEqual([
      ["a", 100],
      ["c", 140],
      ["d", 200],
    ]);
    expect(kernel.pending).toBe(0);
  });
});
