import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "./run-command.js";

const PAGE = "docs/oncall.md";
const EXIT_CODE = '; echo "exit code $?"';

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "oncall-"));
  await copyFile("docs/oncall/cluster.json.gz", join(folder, "cluster.json.gz"));
});
afterAll(() => rm(folder, { recursive: true }));

/** What differs from run to run. */
function steady(text: string): string {
  return text.replace(/^wall time .*$/gm, "wall time       … (measured here)");
}

/** What a shell in the test's folder would print for a line of the page. */
async function shell(line: string): Promise<string> {
  const [program, ...words] = line.replace(EXIT_CODE, "").split(" ");
  expect(program).toBe("ipamlab");
  const argv = words.map((word) => {
    return /\.(yaml|gz)$/.test(word) ? join(folder, word) : word.replaceAll("'", "");
  });
  const { exitCode, stdout, stderr } = await runCommand(...argv);
  const code = line.endsWith(EXIT_CODE) ? `exit code ${exitCode}\n` : "";
  return steady(`${stdout}${stderr}${code}`.replaceAll(`${folder}/`, ""));
}

test("every output on the on-call page is what the command prints", async () => {
  const page = await readFile(PAGE, "utf8");
  const parts = page.split(/(?<=^```console\n)([\s\S]*?)(?=^```$)/m);
  let anew = "";
  for (const [i, part] of parts.entries()) {
    const line = part.split("\n")[0]!;
    anew += i % 2 === 0 ? part : `${line}\n${await shell(line.replace("$ ", ""))}`;
  }
  if (process.env["UPDATE_GOLDEN"] === "1") await writeFile(PAGE, anew);
  expect(anew).toBe(page);
});
