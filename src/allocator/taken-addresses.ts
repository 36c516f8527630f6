/** Where an operation of one thread puts the addresses that it took; reused by every operation. */
export class TakenAddresses {
  count = 0;
  readonly blocks: Int32Array;
  readonly ordinals: Int32Array;

  /** @param capacity most addresses that one operation may ask for. */
  constructor(readonly capacity: number) {
    this.blocks = new Int32Array(capacity);
    this.ordinals = new Int32Array(capacity);
  }
}
