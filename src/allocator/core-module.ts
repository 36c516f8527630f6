import { CORE_CODE } from "./core-code.js";

/** The functions of core.wat. What they return is said there and in `CoreResult`. */
export interface CoreFunctions {
  take(block: number, wanted: number, node: number, holder: number, first: number): number;
  give(block: number, ordinal: number, holder: number): number;
  close(block: number, flags: number, owner: number): number;
  disown(block: number): void;
  setState(block: number, low: number, high: number): void;
  countUp(word: number): void;
  increment(handle: number, block: number, more: number): number;
  decrement(handle: number, block: number, fewer: number): void;
  assignOne(node: number, handle: number): number;
  releaseOne(handle: number): number;
}

export interface CoreImports {
  readonly memory: { readonly memory: WebAssembly.Memory };
  readonly places: Readonly<Record<string, number>>;
  readonly sizes: Readonly<Record<string, number>>;
}

let compiled: WebAssembly.Module | undefined;

/** The core, at work on one memory for one thread. It is compiled once a thread. */
export function instantiateCore(imports: CoreImports): CoreFunctions {
  compiled ??= new WebAssembly.Module(Buffer.from(CORE_CODE, "base64"));
  return new WebAssembly.Instance(compiled, { ...imports }).exports as unknown as CoreFunctions;
}
