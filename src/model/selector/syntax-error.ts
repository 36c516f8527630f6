/** Why a text is not a selector: a value that `parseSelector` returns, not an exception. */
export class SelectorSyntaxError {
  constructor(
    /** Calico's wording to the letter, internal token numbers included. */
    readonly message: string,
    /** Where reading stopped: characters (UTF-16 units) before the faulty part of the selector. */
    readonly offset: number,
  ) {}
}
