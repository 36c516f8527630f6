/** What a dead thread's code ends with. */
export class Death extends Error {}

const CHANGING = [
  "add",
  "and",
  "compareExchange",
  "exchange",
  "load",
  "or",
  "store",
  "sub",
] as const;

let onStep = (): void => undefined;

/** A step of code that does not use `Atomics`: the core's. */
export function step(): void {
  onStep();
}

/**
 * Runs something until its k-th atomic operation or step, and then no further: that one and all after it
 * throw, so nothing that a `finally` would do reaches the memory either.
 *
 * @returns whether it died before its end.
 */
export function dieAt(last: number, run: () => void): boolean {
  const atomics = Atomics as unknown as Record<string, (...args: never[]) => unknown>;
  const kept = CHANGING.map((name) => [name, atomics[name]!] as const);
  let steps = 0;
  onStep = () => {
    if (++steps > last) throw new Death();
  };
  for (const [name, original] of kept) {
    atomics[name] = (...args) => {
      onStep();
      return original.apply(Atomics, args);
    };
  }
  try {
    run();
    return false;
  } catch (error) {
    if (!(error instanceof Death)) throw error;
    return true;
  } finally {
    onStep = () => undefined;
    for (const [name, original] of kept) atomics[name] = original;
  }
}
