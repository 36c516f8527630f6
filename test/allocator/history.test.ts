import { describe, expect, it } from "vitest";
import { checkHistory, type HistoryEnd, type HistoryRecord, RecordKind } from "./history.js";

const { assigned, released, claimed } = RecordKind;

type Short = readonly [kind: number, ordinal: number, handle: number, begin: number, end: number];

const record = ([kind, ordinal, handle, begin, end]: Short): HistoryRecord => ({
  kind,
  block: 0,
  ordinal,
  handle,
  begin,
  end,
});

/** Node 7 claims block 0 of four; 0 and 1 are taken, 0 comes back, 2, 3 and 0 are taken. */
const SOUND: readonly Short[] = [
  [claimed, 7, -1, 1, 4],
  [assigned, 0, 10, 1, 4],
  [assigned, 1, 11, 2, 6],
  [released, 0, 10, 7, 10],
  [assigned, 2, 12, 8, 9],
  [assigned, 3, 13, 11, 12],
  [assigned, 0, 14, 13, 14],
];

const END: HistoryEnd = {
  held: new Map([
    [1, 11],
    [2, 12],
    [3, 13],
    [0, 14],
  ]),
  free: new Set(),
  blockSize: 4,
  ordinals: [0, 1, 2, 3],
  blockLimit: 1,
};

function kindsOf(shorts: readonly Short[], end: Partial<HistoryEnd> = {}): string[] {
  const findings = checkHistory(shorts.map(record), { ...END, ...end });
  return [...new Set(findings.map(({ kind }) => kind))].sort();
}

/** The sound history with one record replaced. */
function changed(index: number, by: Short): Short[] {
  return SOUND.map((short, i) => (i === index ? by : short));
}

describe("the checker of histories", () => {
  it("accepts a sound history", () => {
    expect(kindsOf(SOUND)).toEqual([]);
  });

  it("accepts operations at the same time in either order", () => {
    // The release of 0 and the assignment of 2 overlap, so 0 may have come in before.
    expect(kindsOf(changed(5, [assigned, 3, 13, 11, 20]))).toEqual([]);
  });

  it("finds an address that is held twice", () => {
    expect(kindsOf(changed(6, [assigned, 2, 14, 13, 14]))).toContain("held twice");
  });

  it("finds an address that is given out before its release began", () => {
    const early = changed(6, [assigned, 0, 14, 5, 6]);
    expect(kindsOf(early)).toContain("held twice");
  });

  it("finds a release of what is not held", () => {
    expect(kindsOf([...SOUND, [released, 1, 99, 20, 21]])).toEqual(["released unheld"]);
  });

  it("finds an address that got lost while it was held", () => {
    const held = new Map(END.held);
    held.delete(1);
    expect(kindsOf(SOUND, { held, free: new Set([1]) })).toEqual(["lost"]);
  });

  it("finds an address that is neither held nor free", () => {
    const history = SOUND.slice(0, 5);
    const held = new Map([
      [1, 11],
      [2, 12],
    ]);
    expect(kindsOf(history, { held, free: new Set([0, 3]) })).toEqual([]);
    expect(kindsOf(history, { held, free: new Set([3]) })).toEqual(["lost"]);
  });

  it("finds an address that is held by nobody's doing", () => {
    expect(kindsOf([...SOUND, [released, 1, 11, 20, 21]])).toEqual(["not held"]);
  });

  it("finds a node with more blocks than it may have, and a block claimed twice", () => {
    const second = { ...record([claimed, 7, -1, 15, 16]), block: 1 };
    const end = { ...END, free: new Set([4, 5, 6, 7]) };
    const kinds = (records: HistoryRecord[]) => checkHistory(records, end).map(({ kind }) => kind);
    expect(kinds([...SOUND.map(record), second])).toEqual(["block limit"]);
    expect(kinds([...SOUND.map(record), { ...second, block: 0, ordinal: 8 }])).toContain(
      "held twice",
    );
  });

  it("finds an ordinal that overtakes another", () => {
    // 3 has been free since the claim and is still there, when 0 is taken for the second time.
    const history = [...SOUND.slice(0, 5), [assigned, 0, 14, 13, 14] as const];
    const held = new Map([
      [1, 11],
      [2, 12],
      [0, 14],
    ]);
    expect(kindsOf(history, { held, free: new Set([3]) })).toEqual(["order"]);
  });
});
