import { getSystemErrorMap } from "node:util";

/** An error of the operating system as Node reports it: `code` is its symbol, such as `ENOSPC`. */
export interface SystemError extends Error {
  readonly code: string;
  readonly syscall?: string | undefined;
}

/** Whether a call of the operating system (or a stream on top of one) failed with this error. */
export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}

/** The reason in words with the symbol, for instance `no space left on device (ENOSPC)`. */
export function describeSystemError(error: SystemError): string {
  for (const [symbol, words] of getSystemErrorMap().values()) {
    if (symbol === error.code) return `${words} (${symbol})`;
  }
  return error.message;
}
