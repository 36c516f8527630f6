import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "./run-command.js";

const TUTORIAL = "docs/tutorial.md";
const EXIT_CODE = '; echo "exit code $?"';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tutorial-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** What differs from run to run. */
function steady(text: string): string {
  return text.replace(/^wall time .*$/gm, "wall time       … (measured here)");
}

/** Puts the files of a command line into the test's folder. */
function placed(word: string): string {
  return /\.(yaml|txt)$/.test(word) ? join(folder, word) : word;
}

async function edit(line: string, file: string): Promise<void> {
  const [, from, to] = /'s\/(.*)\/(.*)\/'/.exec(line)!;
  const text = await readFile(file, "utf8");
  expect(text).toContain(from);
  await writeFile(file, text.replace(from!, to!));
}

/** What a shell in the test's folder would print for a line of the tutorial. */
async function shell(line: string): Promise<string> {
  const words = line.replace(EXIT_CODE, "").split(" ").map(placed);
  const last = words.at(-1)!;
  switch (words[0]) {
    case "sed":
      await edit(line, last);
      return "";
    case "head": {
      const lines = (await readFile(last, "utf8")).split("\n");
      return `${lines.slice(0, -Number(words[1])).join("\n")}\n`;
    }
    default: {
      expect(words[0]).toBe("ipamlab");
      const redirection = words.indexOf(">");
      const argv = redirection < 0 ? words.slice(1) : words.slice(1, redirection);
      const { exitCode, stdout, stderr } = await runCommand(...argv);
      if (redirection > 0) await writeFile(last, stdout);
      const code = line.endsWith(EXIT_CODE) ? `exit code ${exitCode}\n` : "";
      const shown = redirection < 0 ? stdout : "";
      return `${shown}${stderr}${code}`.replaceAll(`${folder}/`, "");
    }
  }
}

/** The tutorial with each console block run anew. */
async function runAnew(tutorial: string): Promise<string> {
  const parts = tutorial.split(/(?<=^```console\n)([\s\S]*?)(?=^```$)/m);
  let text = "";
  for (const [i, part] of parts.entries()) {
    if (i % 2 === 0) {
      text += part;
      continue;
    }
    for (const [line] of part.matchAll(/^\$ .*$/gm)) {
      text += `${line}\n${await shell(line.slice(2))}`;
    }
  }
  return steady(text);
}

describe("docs/tutorial.md", () => {
  it("shows what its commands print", async () => {
    const tutorial = await readFile(TUTORIAL, "utf8");
    const anew = await runAnew(tutorial);
    if (process.env["UPDATE_GOLDEN"] === "1") await writeFile(TUTORIAL, anew);
    expect(anew).toBe(await readFile(TUTORIAL, "utf8"));
    expect(anew).toContain("exit code 1\n");
  });
});
