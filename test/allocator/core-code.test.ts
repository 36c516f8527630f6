import { readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { assemble, coreModule } from "./build-core.js";

const FILE = "src/allocator/core-code.ts";
const LINE_LENGTH = 100;

function fileOf(code: Uint8Array): string {
  const text = Buffer.from(code).toString("base64");
  const lines = text
    .match(new RegExp(`.{1,${LINE_LENGTH - 6}}`, "g"))!
    .map((line) => `  "${line}"`);
  return [
    "/**",
    " * core.wat, assembled; in base64. Written anew by",
    " * `UPDATE_GOLDEN=1 npx vitest run test/allocator/core-code.test.ts`.",
    " */",
    "export const CORE_CODE =",
    `${lines.join(" +\n")};`,
    "",
  ].join("\n");
}

it("the core's code is what follows from its source (UPDATE_GOLDEN=1 writes it anew)", async () => {
  const text = fileOf(await assemble(coreModule()));
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(FILE, text);
  expect(readFileSync(FILE, "utf8")).toBe(text);
});
