import { describe, expect, it } from "vitest";
import { ProgressLine } from "../../src/cli/progress-line.js";

class FakeTerminal {
  writes: string[] = [];
  columns: number | undefined = 20;

  write(text: string): void {
    this.writes.push(text.replaceAll("\r\u001b[K", "<clear>"));
  }
}

describe("ProgressLine", () => {
  it("draws at most ten times a second by the given clock", () => {
    const terminal = new FakeTerminal();
    let nowMs = 5_000;
    const progress = new ProgressLine(terminal, () => nowMs);
    let made = 0;
    for (let step = 0; step < 1_000; step++) {
      nowMs = 5_000 + step;
      progress.update(() => {
        made++;
        return `at ${step}`;
      });
    }
    expect(made).toBe(10);
    expect(terminal.writes.slice(0, 2)).toEqual(["<clear>at 0", "<clear>at 100"]);
    expect(terminal.writes).toHaveLength(10);
  });

  it("clears only what it has drawn, and may draw at once again", () => {
    const terminal = new FakeTerminal();
    const progress = new ProgressLine(terminal, () => 0);
    progress.clear();
    expect(terminal.writes).toEqual([]);
    progress.update(() => "one");
    progress.clear();
    progress.clear();
    progress.update(() => "two");
    expect(terminal.writes).toEqual(["<clear>one", "<clear>", "<clear>two"]);
  });

  it("cuts a long line and takes the sting out of control characters", () => {
    const terminal = new FakeTerminal();
    let nowMs = 0;
    const progress = new ProgressLine(terminal, () => nowMs);
    progress.update(() => "x".repeat(50));
    nowMs = 100;
    progress.update(() => "a\nb\u001b[2J");
    expect(terminal.writes).toEqual([`<clear>${"x".repeat(19)}`, "<clear>a\\x0ab\\x1b[2J"]);
  });

  it("does nothing without a terminal", () => {
    const progress = new ProgressLine(undefined, () => {
      throw new Error("nobody asks for the time");
    });
    progress.update(() => {
      throw new Error("nobody asks for the text");
    });
    progress.clear();
  });
});
