import type { Writable } from "node:stream";
import { EnvironmentError } from "../failure/failure.js";
import { describeSystemError, isSystemError } from "./system-error.js";

/** A stream that may be a terminal, as `process.stdout` is. */
export interface OutputStream extends Writable {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Where a command writes text for people or for the next program. */
export interface TextSink {
  /**
   * Writes the text as it stands; the caller ends its lines itself.
   *
   * @throws OutputClosed when the reader has gone away (`ipamlab releases | head -1`): let it pass,
   *   the command ends silently.
   * @throws EnvironmentError when an earlier write failed (disk full).
   */
  write(text: string): void;
}

/** The reader of standard output has gone away, so there is nobody left to work for. */
export class OutputClosed extends Error {
  override readonly name = "OutputClosed";
}

/** A text sink on a stream. */
export class StreamSink implements TextSink {
  readonly #stream: OutputStream;
  readonly #label: string;
  readonly #beforeWrite: () => void;
  #failure: Error | undefined;

  /**
   * @param label what messages call the stream, for instance `standard output`
   * @param beforeWrite runs before each write; used to clear a progress line off the terminal
   */
  constructor(stream: OutputStream, label: string, beforeWrite: () => void = () => undefined) {
    this.#stream = stream;
    this.#label = label;
    this.#beforeWrite = beforeWrite;
    // Without a listener a failed write would end the process with a stack trace.
    stream.on("error", (error) => {
      this.#failure ??= error;
    });
  }

  write(text: string): void {
    this.#refuseAfterFailure();
    this.#beforeWrite();
    this.#stream.write(text);
    // A failed write to a pipe or a file is known here already, its event comes only later.
    this.#refuseAfterFailure();
  }

  /** Waits until everything written has left the process, and throws as `write` does. */
  async flush(): Promise<void> {
    this.#refuseAfterFailure();
    await new Promise<void>((resolve) => {
      this.#stream.write("", () => {
        resolve();
      });
    });
    this.#refuseAfterFailure();
  }

  #refuseAfterFailure(): void {
    const failure = this.#failure ?? this.#stream.errored ?? undefined;
    if (failure === undefined) return;
    if (isSystemError(failure)) {
      if (failure.code === "EPIPE" || failure.code === "ERR_STREAM_DESTROYED") {
        throw new OutputClosed("the reader of the output has gone away");
      }
      throw new EnvironmentError(`cannot write ${this.#label}: ${describeSystemError(failure)}`);
    }
    throw failure;
  }
}
