import { describe, expect, it } from "vitest";
import { type AnyProcess, HostLock } from "../../src/node/host-lock.js";
import { Kernel } from "../../src/simulation/kernel.js";
import { RandomStreams } from "../../src/simulation/random-streams.js";

/** Processes that note when they get the lock. */
function waiters(count: number, taken: number[]): AnyProcess[] {
  return Array.from(
    { length: count },
    (_, i) => ({ wake: () => taken.push(i) }) as unknown as AnyProcess,
  );
}

function orderOf(order: "arrival" | "random"): number[] {
  const kernel = new Kernel();
  const random = new RandomStreams("lock").stream("wake-ups");
  const lock = new HostLock(kernel, random, { order, wakeUpMaxUs: 100 });
  const taken: number[] = [];
  const processes = waiters(6, taken);
  expect(processes.map((process) => lock.acquire(process))).toEqual([
    true,
    ...new Array<boolean>(5).fill(false),
  ]);
  while (lock.holder !== null) {
    lock.release(lock.holder);
    kernel.run(Infinity);
  }
  return taken;
}

describe("the host's lock", () => {
  it("goes to the one that waits longest, or to any", () => {
    expect(orderOf("arrival")).toEqual([1, 2, 3, 4, 5]);
    const random = orderOf("random");
    expect(random).not.toEqual([1, 2, 3, 4, 5]);
    expect([...random].sort()).toEqual([1, 2, 3, 4, 5]);
  });

  it("is taken by a newcomer that comes before the woken one runs", () => {
    const kernel = new Kernel();
    const lock = new HostLock(kernel, () => 0.5);
    const taken: number[] = [];
    const [holder, waiter, newcomer] = waiters(3, taken);
    lock.acquire(holder!);
    lock.acquire(waiter!);
    lock.release(holder!);
    expect(lock.acquire(newcomer!)).toBe(true);
    kernel.run(Infinity);
    expect(taken).toEqual([]);
    lock.release(newcomer!);
    kernel.run(Infinity);
    expect(taken).toEqual([1]);
  });

  it("is free again when its holder is killed, and forgets a killed waiter", () => {
    const kernel = new Kernel();
    const lock = new HostLock(kernel, () => 0);
    const taken: number[] = [];
    const [holder, killed, waiter] = waiters(3, taken);
    for (const process of [holder!, killed!, waiter!]) lock.acquire(process);
    lock.drop(killed!);
    lock.drop(holder!);
    kernel.run(Infinity);
    expect(taken).toEqual([2]);
  });
});
