import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Kernel } from "../../src/simulation/kernel.js";

describe("the kernel", () => {
  it("wakes in order of time, and of equals in the order of scheduling", () => {
    const times = fc.array(fc.nat({ max: 20 }), { maxLength: 600 });
    fc.assert(
      fc.property(times, (scheduled) => {
        const kernel = new Kernel();
        const woken: [number, number][] = [];
        scheduled.forEach((timeUs, i) =>
          kernel.schedule(timeUs, { wake: () => woken.push([kernel.nowUs, i]) }),
        );
        expect(kernel.run(Infinity)).toBe(true);
        const expected = scheduled.map((timeUs, i): [number, number] => [timeUs, i]);
        expect(woken).toEqual(expected.sort(([a, i], [b, j]) => a - b || i - j));
        expect(kernel.woken).toBe(scheduled.length);
      }),
    );
  });

  it("keeps the order while activities schedule others", () => {
    const kernel = new Kernel();
    const seen: string[] = [];
    const note = (name: string) => ({ wake: () => seen.push(`${name}@${kernel.nowUs}`) });
    kernel.schedule(5, {
      wake() {
        kernel.schedule(5, note("later in the same microsecond"));
        kernel.schedule(6, note("next"));
      },
    });
    kernel.schedule(5, note("second"));
    kernel.run(Infinity);
    expect(seen).toEqual(["second@5", "later in the same microsecond@5", "next@6"]);
  });

  it("stops at the limit of time, and of wakes", () => {
    const kernel = new Kernel();
    let count = 0;
    for (let i = 1; i <= 10; i++) kernel.schedule(i * 10, { wake: () => count++ });
    expect(kernel.run(45)).toBe(true);
    expect([count, kernel.nowUs, kernel.nextUs, kernel.pending]).toEqual([4, 45, 50, 6]);
    expect(kernel.run(Infinity, 2)).toBe(false);
    expect([count, kernel.nowUs]).toEqual([6, 60]);
    expect(kernel.run(Infinity)).toBe(true);
    expect([count, kernel.nowUs, kernel.nextUs]).toEqual([10, 100, Infinity]);
  });

  it.each([9, 10.5, Infinity, Number.NaN])("refuses the time %s", (timeUs) => {
    const kernel = new Kernel();
    kernel.run(10);
    expect(() => kernel.schedule(timeUs, { wake: () => undefined })).toThrow(RangeError);
  });
});
