/**
 * The free ordinals of a block in the order in which they will be given out. Immutable: taking and
 * appending make new lists.
 *
 * Versions share one buffer, each seeing its own window of it:
 *
 *     buffer  | 7 | 8 | 9 | 3 | 4 | 1 |
 *               ^head     ^tail            an older version: 7 8 9
 *                   ^head             ^tail  a newer one: 8 9 3 4 1
 *
 * Taking from the front moves the head. Appending writes behind the tail, which no older version can
 * see; when another version has written there already, the window is copied first. So both cost no
 * copy in the usual case, a queue that moves forward.
 */
export class FreeList implements Iterable<number> {
  private constructor(
    private readonly buffer: number[],
    private readonly head: number,
    private readonly tail: number,
  ) {}

  static of(ordinals: readonly number[]): FreeList {
    return new FreeList([...ordinals], 0, ordinals.length);
  }

  /** `first`, `first + 1`, … up to but without `end`. */
  static range(first: number, end: number): FreeList {
    const length = Math.max(0, end - first);
    return new FreeList(
      Array.from({ length }, (_, i) => first + i),
      0,
      length,
    );
  }

  get length(): number {
    return this.tail - this.head;
  }

  /** The first `count` ordinals, or all when there are fewer. */
  first(count: number): number[] {
    // Nearly always one is asked for, and a literal costs a fraction of a slice.
    if (count === 1 && this.head < this.tail) return [this.buffer[this.head]!];
    return this.buffer.slice(this.head, Math.min(this.head + count, this.tail));
  }

  /** The list without its first `count` ordinals. */
  without(count: number): FreeList {
    return new FreeList(this.buffer, Math.min(this.head + count, this.tail), this.tail);
  }

  /** The list with these ordinals at its end. */
  append(ordinals: readonly number[]): FreeList {
    let { buffer, head } = this;
    // A copy also drops what lies before the head once that is most of the buffer.
    if (buffer.length !== this.tail || head > 2 * (this.length + ordinals.length)) {
      buffer = buffer.slice(head, this.tail);
      head = 0;
    }
    for (const ordinal of ordinals) buffer.push(ordinal);
    return new FreeList(buffer, head, buffer.length);
  }

  filter(keep: (ordinal: number) => boolean): FreeList {
    return FreeList.of(this.toArray().filter(keep));
  }

  toArray(): number[] {
    return this.buffer.slice(this.head, this.tail);
  }

  [Symbol.iterator](): Iterator<number> {
    return this.toArray()[Symbol.iterator]();
  }
}
