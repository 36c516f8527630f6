/**
 * Fixed work that a machine's moods slow as much as the simulation. When a neighbour takes a share of the
 * core, what makes many small objects runs 1.9 times as long, what looks keys up or reads all over the
 * memory 1.3 times, and a simulation 1.7 times. So this does all three, in two to three milliseconds.
 */
export async function calibrationLoop(): Promise<void> {
  kept[0] = readAllOver() + lookUp() + (await makeObjects());
}

/** Where the outcome goes, or the compiler could leave the loop out. */
const kept = new Float64Array(1);

const SCATTERED = Int32Array.from({ length: 2 ** 17 }, (_, i) => Math.imul(i, 0x9e3779b1) ^ i);
const SCATTERED_READS = 25_000;

/** Four independent chains of reads and writes, with branches that no core foresees. */
function readAllOver(): number {
  const last = SCATTERED.length - 1;
  let [a, b, c, d, sum] = [1, 77, 3001, 90_001, 0];
  for (let i = 0; i < SCATTERED_READS; i++) {
    const x = SCATTERED[a & last]!;
    const y = SCATTERED[b & last]!;
    const z = SCATTERED[c & last]!;
    const w = SCATTERED[d & last]!;
    a = (a + x + i) | 0;
    b = ((b ^ y) + i) | 0;
    c = (c - z + i) | 0;
    d = ((d + w) ^ i) | 0;
    if ((x & 3) === 0) sum = (sum + y) | 0;
    else if ((z & 1) === 0) sum = (sum ^ w) | 0;
    else sum = (sum + 1) | 0;
    SCATTERED[(i * 17) & last] = (x + i) | 0;
  }
  return sum;
}

const NAMES = Array.from({ length: 1024 }, (_, i) => `node-${i % 64}/pod-${i}`);
const BY_NAME = new Map(
  NAMES.map((name, i) => [name, { next: (Math.imul(i, 0x9e3779b1) >>> 0) % 1024, uses: 0 }]),
);
const LOOKUPS = 10_000;

/** A map with text keys; nothing new is made. */
function lookUp(): number {
  let at = 1;
  let sum = 0;
  for (let i = 0; i < LOOKUPS; i++) {
    const entry = BY_NAME.get(NAMES[(i + at) & 1023]!)!;
    sum = (sum + entry.next) & 0xffff;
    entry.uses = (entry.uses + 1) & 1023;
    at = (entry.next + sum) & 1023;
  }
  return sum;
}

const ROOMS = ["room-0", "room-1", "room-2", "room-3"] as const;
const SHELVES = 16;
const BOOKS = 40;
const DAYS = 12;

interface Shelf {
  readonly name: string;
  readonly slots: Uint8Array;
  books: { readonly title: string; readonly slot: number; readonly at: number }[];
  owner: string | null;
  revision: number;
}

interface Visit {
  readonly at: number;
  readonly book: string;
  readonly room: string;
  readonly isReturn: boolean;
}

function* freeSlots({ slots }: Shelf): Generator<number, void> {
  for (let slot = 0; slot < slots.length; slot++) if (slots[slot] === 0) yield slot;
}

/** The shelves of a library, which rooms take one by one, as they fill. */
class Library {
  readonly shelves = new Map<string, Shelf>();
  readonly shelvesOfRoom = new Map<string, string[]>(ROOMS.map((room) => [room, []]));
  readonly placeOf = new Map<string, { readonly shelf: string; readonly slot: number }>();
  readonly log: string[] = [];

  constructor() {
    for (let i = 0; i < SHELVES; i++) {
      const name = `shelf-${i}`;
      const shelf = { name, slots: new Uint8Array(16), books: [], owner: null, revision: 0 };
      this.shelves.set(name, shelf);
    }
  }

  #shelfFor(room: string): Shelf | undefined {
    const own = this.shelvesOfRoom.get(room)!;
    for (const name of own) {
      const shelf = this.shelves.get(name)!;
      if (freeSlots(shelf).next().done !== true) return shelf;
    }
    for (const shelf of this.shelves.values()) {
      if (shelf.owner !== null) continue;
      shelf.owner = room;
      own.push(shelf.name);
      return shelf;
    }
    return undefined;
  }

  putBack({ at, book, room }: Visit): void {
    const shelf = this.#shelfFor(room);
    if (shelf === undefined) return;
    const title = `library.${book}`;
    const [slot] = freeSlots(shelf) as Iterable<number> as [number];
    shelf.slots[slot] = 1;
    shelf.revision++;
    shelf.books.push({ title, slot, at });
    this.placeOf.set(title, { shelf: shelf.name, slot });
    this.log.push(`${at} ${title} ${slot}`);
  }

  takeOut({ book }: Visit): number {
    const title = `library.${book}`;
    const place = this.placeOf.get(title);
    if (place === undefined) return 0;
    const shelf = this.shelves.get(place.shelf)!;
    shelf.slots[place.slot] = 0;
    shelf.books = shelf.books.filter((other) => other.title !== title);
    this.placeOf.delete(title);
    return shelf.revision;
  }

  told(): string {
    const titles = [...this.placeOf.keys()].sort();
    return JSON.stringify({ rooms: [...this.shelvesOfRoom], titles });
  }
}

const inOrder = (a: Visit, b: Visit) => a.at - b.at || (a.book < b.book ? -1 : 1);

/** One day: its books are returned to the shelves of rooms, and taken out again. */
async function dayOfLibrary(day: number): Promise<number> {
  let state = day;
  const draw = () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return (state >>> 0) % 1000;
  };
  const library = new Library();
  const visits: Visit[] = [];
  for (let i = 0; i < BOOKS; i++) {
    visits.push({ at: draw(), book: `book-${i}`, room: ROOMS[i & 3]!, isReturn: true });
  }
  visits.sort(inOrder);
  let sum = 0;
  let steps = 0;
  for (let visit = visits.shift(); visit !== undefined; visit = visits.shift()) {
    if (++steps % 16 === 0) await Promise.resolve();
    if (visit.isReturn) {
      library.putBack(visit);
      const { at, book } = visit;
      visits.push({ at: at + 500 + draw(), book, room: ROOMS[draw() & 3]!, isReturn: false });
    } else {
      sum += library.takeOut(visit);
    }
    if (visits.length % 8 === 0) visits.sort(inOrder);
  }
  return sum + library.told().length + library.log.length;
}

/** Small objects, maps, closures, generators and texts. */
async function makeObjects(): Promise<number> {
  let sum = 0;
  for (let day = 1; day <= DAYS; day++) sum += await dayOfLibrary(day);
  return sum;
}
