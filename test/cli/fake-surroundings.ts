import { Writable } from "node:stream";
import type { Surroundings } from "../../src/cli/command-context.js";
import type { OutputStream } from "../../src/cli/text-sink.js";

/** A stream that keeps what is written to it, or fails each write with an error. */
export class CapturedStream extends Writable implements OutputStream {
  text = "";
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  failWith: Error | undefined;

  constructor(terminal?: { readonly columns: number }) {
    super();
    this.isTTY = terminal !== undefined;
    this.columns = terminal?.columns;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    if (this.failWith === undefined) this.text += chunk.toString();
    done(this.failWith);
  }
}

/** The process as a test sees it: captured streams, a clock that stands still until moved. */
export class FakeSurroundings implements Surroundings {
  readonly stdout: CapturedStream;
  readonly stderr: CapturedStream;
  readonly env: Record<string, string | undefined>;
  readonly controller = new AbortController();
  readonly signal = this.controller.signal;
  readonly ask: Surroundings["ask"];
  nowMs = 0;

  constructor(
    options: {
      readonly env?: Record<string, string | undefined>;
      readonly terminal?: { readonly columns: number };
      readonly ask?: Surroundings["ask"];
    } = {},
  ) {
    this.ask = options.ask;
    this.stdout = new CapturedStream(options.terminal);
    this.stderr = new CapturedStream(options.terminal);
    this.env = options.env ?? {};
  }

  now(): number {
    return this.nowMs;
  }
}
