import { expect, test } from "vitest";
import { DueQueue } from "../../src/simulation/due-queue.js";

test("gives items back in their order, over many more than it keeps", () => {
  const queue = new DueQueue<number>();
  let next = 0;
  // Never empty, so only dropping what has gone keeps it small.
  queue.push(0, 0);
  for (let i = 1; i <= 5000; i++) {
    queue.push(i, 10 * i);
    expect(queue.first).toBe(next);
    expect(queue.firstDueUs).toBe(10 * next);
    expect(queue.shift()).toBe(next++);
    expect(queue.length).toBe(1);
  }
  expect(queue.shift()).toBe(5000);
  expect(queue.length).toBe(0);
});

test("is empty when cleared, and goes on", () => {
  const queue = new DueQueue<string>();
  queue.push("a", 1);
  queue.push("b", 2);
  queue.shift();
  queue.clear();
  expect(queue.length).toBe(0);
  queue.push("c", 3);
  expect(queue.shift()).toBe("c");
});
