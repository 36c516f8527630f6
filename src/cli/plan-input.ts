import { open, stat } from "node:fs/promises";

/** What a scenario has in its first lines, and what objects of Kubernetes have. */
const SCENARIO = /^ipamlab:/m;
const OBJECTS = /^\s*[{[]|^(apiVersion|kind|items):/m;

const HEAD_BYTES = 65_536;

/** Whether a file is a dump of a cluster and not a scenario: a folder, JSON, or Kubernetes objects. */
export async function isDump(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return false;
  if (found.isDirectory()) return true;
  if (/\.json(\.gz)?$/.test(path)) return true;
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const head = buffer.toString("utf8", 0, bytesRead);
    return !SCENARIO.test(head) && OBJECTS.test(head);
  } finally {
    await file.close();
  }
}
