import type { CoreFunctions, CoreImports } from "../../src/allocator/core-module.js";
import { assemble, coreModule } from "./build-core.js";
import { step } from "./death.js";
import { type Expression, rewrite, writeWat } from "./wat-text.js";

/** Whether a store goes to the thread's own scratch words, which nobody else reads. */
function isPrivate(store: readonly Expression[]): boolean {
  const address = writeWat(store.at(-2)!);
  return /global\.get \$(scratch|taken)/.test(address) && !address.includes("i32.load");
}

/** Calls `step` before everything that others can see: each atomic instruction, and each store. */
function withSteps(module: readonly Expression[]): Expression {
  const stepping = rewrite(module, (list) => {
    const [name] = list;
    if (typeof name !== "string") return list;
    const [, type, isStore] = /^(i32|i64)\.(?:(?:atomic\.)?(store)$|atomic\.)/.exec(name) ?? [];
    if (type === undefined || (isStore !== undefined && isPrivate(list))) return list;
    const result: Expression[] = isStore === undefined ? [["result", type]] : [];
    return ["block", ...result, ["call", "$step"], list];
  });
  const [head, ...rest] = stepping as readonly Expression[];
  return [head!, ["import", '"steps"', '"step"', ["func", "$step"]], ...rest];
}

/** As `instantiateCore`, of a core that calls `step` of `death.ts` at each of its steps. */
export async function steppingCore(): Promise<(imports: CoreImports) => CoreFunctions> {
  const module = new WebAssembly.Module(await assemble(withSteps(coreModule())));
  return (imports) =>
    new WebAssembly.Instance(module, { ...imports, steps: { step } })
      .exports as unknown as CoreFunctions;
}
