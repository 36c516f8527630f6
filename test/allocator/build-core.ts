import { readFileSync } from "node:fs";
import loadWabt from "wabt";
import {
  COUNTER_SHIFT,
  FREE_MASK,
  FREE_SHIFT,
  LIVE,
  OWNED,
  OwnerPhase,
} from "../../src/allocator/block-state.js";
import { CoreResult, RETRIES } from "../../src/allocator/core-result.js";
import { COUNT_BITS, HANDLE_COUNT_MAX } from "../../src/allocator/handle-table.js";
import {
  BLOCK_SHIFT,
  BlockWord,
  HANDLE_SHIFT,
  HandleWord,
  Header,
  NODE_SHIFT,
  NodeWord,
  OVERFLOW_SHIFT,
  OverflowWord,
  ScratchWord,
} from "../../src/allocator/layout.js";
import { type Expression, inline, readWat, writeWat } from "./wat-text.js";

/** Rows by whose words `offset=row.field` is meant, in words. */
const ROWS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  block: BlockWord,
  handle: HandleWord,
  header: Header,
  node: NodeWord,
  overflow: OverflowWord,
  scratch: ScratchWord,
};

/** Binary logarithm of the bytes of a word. */
const WORD_SHIFT = 2;

const CONSTANTS: Readonly<Record<string, number>> = {
  ...CoreResult,
  live: LIVE,
  flags: LIVE | OWNED,
  allButOwned: ~OWNED,
  counterShift: COUNTER_SHIFT,
  freeShift: FREE_SHIFT,
  freeMask: FREE_MASK,
  oneFree: 1 << FREE_SHIFT,
  oneTaken: (1 << COUNTER_SHIFT) - (1 << FREE_SHIFT),
  confirmed: OwnerPhase.confirmed,
  retries: RETRIES,
  countBits: COUNT_BITS,
  countMax: HANDLE_COUNT_MAX,
  blockRowShift: BLOCK_SHIFT + WORD_SHIFT,
  handleRowShift: HANDLE_SHIFT + WORD_SHIFT,
  nodeRowShift: NODE_SHIFT + WORD_SHIFT,
  overflowRowShift: OVERFLOW_SHIFT + WORD_SHIFT,
};

function known(table: Readonly<Record<string, number>> | undefined, name: string): number {
  const value = table?.[name];
  if (value === undefined) throw new Error(`core.wat names ${name}, which nothing defines`);
  return value;
}

/** The module of the core, with numbers for names and without its small functions. */
export function coreModule(): readonly Expression[] {
  const source = readFileSync(new URL("../../src/allocator/core.wat", import.meta.url), "utf8");
  const text = source
    .replace(/;;.*$/gm, "")
    .replace(/offset=(\w+)\.(\w+)/g, (_, row: string, field: string) => {
      return `offset=${known(ROWS[row], field) << WORD_SHIFT}`;
    })
    .replace(/constant\.(\w+)/g, (_, name: string) => String(known(CONSTANTS, name)));
  return inline(readWat(text)[0] as readonly Expression[]);
}

/** The code of a module. */
export async function assemble(module: Expression): Promise<Uint8Array> {
  const wabt = await loadWabt();
  const parsed = wabt.parseWat("core.wat", writeWat(module), { threads: true });
  try {
    return parsed.toBinary({}).buffer;
  } finally {
    parsed.destroy();
  }
}
