import type { ProcessSteps } from "../datastore/simulated/process-steps.js";
import { Sleep } from "../datastore/request.js";
import type { AnyProcess } from "./host-lock.js";

const POLL_MS = 50;
const LIMIT_US = 90_000_000;

/**
 * The named mutex `TigeraCalicoCNINetworkMutex` of a Windows node: waiters look every 50 ms and give
 * up after 90 s (the Windows data plane of `cni-plugin@v3.28.4`). Whoever looks first
 * after a release has it.
 */
export class NetworkMutex {
  #holder: AnyProcess | null = null;

  /** Whether the process has the mutex; false when its time was up before. */
  *acquire(process: AnyProcess): ProcessSteps<boolean> {
    const untilUs = process.nowUs + LIMIT_US;
    while (this.#holder !== null) {
      if (process.nowUs >= untilUs) return false;
      yield new Sleep(POLL_MS);
    }
    this.#holder = process;
    return true;
  }

  /** Also to be called for a process that is killed, whether it has the mutex or not. */
  release(process: AnyProcess): void {
    if (this.#holder === process) this.#holder = null;
  }
}
