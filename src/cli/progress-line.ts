import { printableText } from "../report/printable-text.js";

/** Shortest time between two drawings. */
const REDRAW_MS = 100;

const CLEAR_LINE = "\r\u001b[K";

/** The terminal that a progress line is drawn on. */
export interface ProgressTerminal {
  write(text: string): unknown;
  /** Columns of the terminal; read at each drawing, since windows are resized. */
  readonly columns?: number | undefined;
}

/**
 * One line on standard error that says how far a command is. It is drawn from the caller's own
 * loop, since a busy simulation leaves no turn to timers, and not at all without a terminal.
 */
export class ProgressLine {
  readonly #terminal: ProgressTerminal | undefined;
  readonly #now: () => number;
  #lastDrawnMs = -Infinity;
  #visible = false;

  /**
   * @param terminal where to draw; undefined draws nothing
   * @param now monotonic time in milliseconds
   */
  constructor(terminal: ProgressTerminal | undefined, now: () => number) {
    this.#terminal = terminal;
    this.#now = now;
  }

  /**
   * Draws what `text` returns, unless the last drawing is less than 100 ms ago; then `text` is not
   * called, so that the call is cheap. The text is one line and cut to the terminal's width.
   */
  update(text: () => string): void {
    if (this.#terminal === undefined) return;
    const nowMs = this.#now();
    if (nowMs - this.#lastDrawnMs < REDRAW_MS) return;
    this.#lastDrawnMs = nowMs;
    // A line as wide as the terminal would wrap and could not be redrawn in place.
    const room = (this.#terminal.columns ?? 80) - 1;
    const line = printableText(text()).slice(0, room);
    this.#terminal.write(CLEAR_LINE + line);
    this.#visible = true;
  }

  /** Removes the line from the terminal. The next update may draw it again at once. */
  clear(): void {
    if (!this.#visible || this.#terminal === undefined) return;
    this.#visible = false;
    this.#lastDrawnMs = -Infinity;
    this.#terminal.write(CLEAR_LINE);
  }
}
