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

/** Runs something, calling `each` before every of its atomic operations and steps. */
function runStepwise(each: () => void, run: () => void): void {
  const atomics = Atomics as unknown as Record<string, (...args: never[]) => unknown>;
  const kept = CHANGING.map((name) => [name, atomics[name]!] as const);
  onStep = each;
  for (const [name, original] of kept) {
    atomics[name] = (...args) => {
      onStep();
      return original.apply(Atomics, args);
    };
  }
  try {
    run();
  } finally {
    onStep = () => undefined;
    for (const [name, original] of kept) atomics[name] = original;
  }
}

/**
 * Runs something until its k-th atomic operation or step, and then no further: that one and all after it
 * throw, so nothing that a `finally` would do reaches the memory either.
 *
 * @returns whether it died before its end.
 */
export function dieAt(last: number, run: () => void): boolean {
  let steps = 0;
  try {
    runStepwise(() => {
      if (++steps > last) throw new Death();
    }, run);
    return false;
  } catch (error) {
    if (!(error instanceof Death)) throw error;
    return true;
  }
}

/**
 * Runs something that stands still before its k-th atomic operation or step, counted from 0, while
 * others go on.
 *
 * @returns whether it got that far.
 */
export function stallAt(at: number, run: () => void, meanwhile: () => void): boolean {
  let steps = 0;
  let hasStalled = false;
  runStepwise(() => {
    if (hasStalled || steps++ < at) return;
    hasStalled = true;
    meanwhile();
  }, run);
  return hasStalled;
}
