/** What a record of a history is about. */
export const RecordKind = { assigned: 1, released: 2, claimed: 3 } as const;

/** Words of a record: kind, block, ordinal (claimed: node), handle, begin, end. */
export const RECORD_WORDS = 6;

/**
 * What happened to the addresses, as the threads saw it. `begin` and `end` are tickets of one
 * counter that all threads draw from, before and after the operation: an operation that ended before
 * another began came before it; others may have come in any order.
 */
export interface HistoryRecord {
  readonly kind: number;
  readonly block: number;
  readonly ordinal: number;
  readonly handle: number;
  readonly begin: number;
  readonly end: number;
}

export interface HistoryFinding {
  readonly kind: "held twice" | "released unheld" | "lost" | "not held" | "block limit" | "order";
  readonly text: string;
}

export interface HistoryEnd {
  /** By `block * blockSize + ordinal`: the handle that holds it at the end. */
  readonly held: ReadonlyMap<number, number>;
  /** Addresses that are free at the end, in the same numbers. */
  readonly free: ReadonlySet<number>;
  readonly blockSize: number;
  /** Ordinals that may be given out. */
  readonly ordinals: readonly number[];
  /** Blocks that a node may claim. */
  readonly blockLimit: number;
}

/** One time that an address was held; without a release it is held at the end. */
interface Holding {
  readonly assigned: HistoryRecord;
  readonly released: HistoryRecord | undefined;
}

/** Checks a history in which no block is given up against what holds in any order of its operations. */
export function checkHistory(records: readonly HistoryRecord[], end: HistoryEnd): HistoryFinding[] {
  const findings: HistoryFinding[] = [];
  const find = (kind: HistoryFinding["kind"], text: string) => findings.push({ kind, text });
  const byAddress = new Map<number, HistoryRecord[]>();
  const claims: HistoryRecord[] = [];
  for (const record of records) {
    if (record.kind === RecordKind.claimed) {
      claims.push(record);
      continue;
    }
    const address = record.block * end.blockSize + record.ordinal;
    const own = byAddress.get(address);
    if (own === undefined) byAddress.set(address, [record]);
    else own.push(record);
  }
  const holdingsByBlock = new Map<number, Holding[]>();
  for (const [address, own] of byAddress) {
    const holdings = holdingsOf(own, (record) =>
      find("released unheld", `address ${address} by handle ${record.handle}`),
    );
    checkHoldings(address, holdings, end, find);
    const block = Math.floor(address / end.blockSize);
    const all = holdingsByBlock.get(block);
    if (all === undefined) holdingsByBlock.set(block, holdings);
    else all.push(...holdings);
  }
  for (const [address, handle] of end.held) {
    if (byAddress.has(address)) continue;
    find("not held", `address ${address} is held by ${handle}, which never got it`);
  }
  checkClaims(claims, end, find);
  for (const { block, begin } of claims) {
    checkOrder(block, begin, holdingsByBlock.get(block) ?? [], end, find);
    for (const ordinal of end.ordinals) {
      const address = block * end.blockSize + ordinal;
      if (!end.held.has(address) && !end.free.has(address)) find("lost", `address ${address}`);
    }
  }
  return findings;
}

/** Pairs each assignment with the release of the same handle that follows it. */
function holdingsOf(
  records: readonly HistoryRecord[],
  onUnheld: (record: HistoryRecord) => void,
): Holding[] {
  const sorted = [...records].sort((a, b) => a.begin - b.begin);
  const open = new Map<number, HistoryRecord>();
  const holdings: Holding[] = [];
  for (const record of sorted) {
    const assigned = open.get(record.handle);
    if (record.kind === RecordKind.assigned) {
      if (assigned !== undefined) holdings.push({ assigned, released: undefined });
      open.set(record.handle, record);
    } else if (assigned === undefined) {
      onUnheld(record);
    } else {
      holdings.push({ assigned, released: record });
      open.delete(record.handle);
    }
  }
  for (const assigned of open.values()) holdings.push({ assigned, released: undefined });
  return holdings;
}

type Find = (kind: HistoryFinding["kind"], text: string) => void;

function checkHoldings(
  address: number,
  holdings: readonly Holding[],
  { held }: HistoryEnd,
  find: Find,
): void {
  // From the end of the assignment to the beginning of the release it was held, whatever the order.
  const sorted = [...holdings].sort((a, b) => a.assigned.end - b.assigned.end);
  let last: Holding | undefined;
  for (const holding of sorted) {
    if (last !== undefined && holding.assigned.end < (last.released?.begin ?? Infinity)) {
      const handles = `${last.assigned.handle} and ${holding.assigned.handle}`;
      find("held twice", `address ${address} by handles ${handles}`);
    }
    last = holding;
  }
  const atEnd = sorted.filter(({ released }) => released === undefined);
  const holder = held.get(address);
  for (const { assigned } of atEnd) {
    if (holder === assigned.handle) continue;
    find("lost", `address ${address}: handle ${assigned.handle} never gave it back`);
  }
  if (holder !== undefined && !atEnd.some(({ assigned }) => assigned.handle === holder)) {
    find("not held", `address ${address} is held by ${holder}, which gave it back`);
  }
}

function checkClaims(claims: readonly HistoryRecord[], { blockLimit }: HistoryEnd, find: Find) {
  const counts = new Map<number, number>();
  const claimed = new Set<number>();
  for (const { block, ordinal: node } of claims) {
    if (claimed.has(block)) find("held twice", `block ${block} was claimed twice`);
    claimed.add(block);
    counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  for (const [node, count] of counts) {
    if (count > blockLimit) find("block limit", `node ${node} claimed ${count} of ${blockLimit}`);
  }
}

/**
 * First in, first out: of two ordinals of which one was surely returned before the other, it is not
 * surely taken after the other.
 */
function checkOrder(
  block: number,
  claimBegin: number,
  holdings: readonly Holding[],
  { ordinals }: HistoryEnd,
  find: Find,
): void {
  const byOrdinal = new Map<number, Holding[]>();
  for (const holding of holdings) {
    const own = byOrdinal.get(holding.assigned.ordinal);
    if (own === undefined) byOrdinal.set(holding.assigned.ordinal, [holding]);
    else own.push(holding);
  }
  /** A stay in the ring: when it came in, and when it was taken. */
  const stays: { inBegin: number; inEnd: number; outBegin: number; outEnd: number }[] = [];
  for (const [i, ordinal] of ordinals.entries()) {
    // By their ends: who began to ask first may have had to wait until another gave it back.
    const own = (byOrdinal.get(ordinal) ?? []).sort((a, b) => a.assigned.end - b.assigned.end);
    // The claim puts them in, in order.
    let inBegin = claimBegin - 1 + i / ordinals.length;
    let inEnd = inBegin;
    for (const { assigned, released } of own) {
      stays.push({ inBegin, inEnd, outBegin: assigned.begin, outEnd: assigned.end });
      inBegin = released?.begin ?? Infinity;
      inEnd = released?.end ?? Infinity;
    }
    if (inEnd !== Infinity) {
      stays.push({ inBegin, inEnd, outBegin: Infinity, outEnd: Infinity });
    }
  }
  const byIn = [...stays].sort((a, b) => a.inBegin - b.inBegin);
  const byInEnd = [...stays].sort((a, b) => a.inEnd - b.inEnd);
  let before = 0;
  let latestOut = -Infinity;
  for (const stay of byIn) {
    for (; before < byInEnd.length && byInEnd[before]!.inEnd < stay.inBegin; before++) {
      latestOut = Math.max(latestOut, byInEnd[before]!.outBegin);
    }
    if (stay.outEnd < latestOut) {
      find("order", `block ${block}: an ordinal that came in at ${stay.inBegin} overtook another`);
      return;
    }
  }
}
