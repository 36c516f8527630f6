import type { TraceEvent } from "./trace-event.js";

/** The life of a pod: when it asked for its address, and when it gave it back. */
export interface PodLife {
  readonly pod: string;
  /** Empty: the trace does not tell it. */
  readonly node: string;
  readonly startUs: number;
  /** Infinity: the trace ends before the pod. */
  readonly endUs: number;
}

/**
 * The events of pods whose lives are known, in order of time. The first start is time zero unless
 * another zero is given. Of events at the same time deletions come first, but for a pod that ends when
 * it starts; then the order of the lives decides. A pod whose name is taken by a pod alive gets a
 * number behind its name.
 */
export function eventsOfLives(lives: readonly PodLife[], zeroUs?: number): TraceEvent[] {
  let first = Infinity;
  for (const { startUs } of lives) if (startUs < first) first = startUs;
  const zero = zeroUs ?? first;
  const marks = lives.flatMap(({ startUs, endUs }, index) => {
    const instant = endUs === startUs ? 2 : 0;
    const start = { timeUs: startUs - zero, order: 1, index, isStart: true };
    if (endUs === Infinity) return [start];
    return [start, { timeUs: endUs - zero, order: instant, index, isStart: false }];
  });
  marks.sort((a, b) => a.timeUs - b.timeUs || a.order - b.order || a.index - b.index);
  const alive = new Set<string>();
  const nameOf = new Map<number, string>();
  return marks.map(({ timeUs, index, isStart }): TraceEvent => {
    const { pod, node } = lives[index]!;
    if (!isStart) {
      const name = nameOf.get(index)!;
      nameOf.delete(index);
      alive.delete(name);
      return { timeUs, kind: "delete", pod: name };
    }
    let name = pod;
    for (let i = 2; alive.has(name); i++) name = `${pod}#${i}`;
    alive.add(name);
    nameOf.set(index, name);
    return node === ""
      ? { timeUs, kind: "add", pod: name }
      : { timeUs, kind: "add", pod: name, node };
  });
}
