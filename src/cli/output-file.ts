import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EnvironmentError } from "../failure/failure.js";
import { describeSystemError, isSystemError } from "./system-error.js";

/** What goes into a file: all of it at once, or piece by piece. Text is written as UTF-8. */
export type FileContent =
  | string
  | Uint8Array
  | Iterable<string | Uint8Array>
  | AsyncIterable<string | Uint8Array>;

/** Small pieces are gathered up to about this size, since each write is a call of the system. */
const GATHER_CHARACTERS = 65_536;

/** A failure to produce the content is not the file's, and must keep its own error. */
class ContentFailure extends Error {
  constructor(readonly error: unknown) {
    super("the content could not be produced");
  }
}

async function* piecesOf(content: FileContent): AsyncGenerator<string | Uint8Array> {
  if (typeof content === "string" || content instanceof Uint8Array) {
    yield content;
    return;
  }
  try {
    yield* content;
  } catch (error) {
    throw new ContentFailure(error);
  }
}

async function writePieces(handle: FileHandle, content: FileContent): Promise<void> {
  let gathered = "";
  for await (const piece of piecesOf(content)) {
    if (typeof piece === "string") {
      gathered += piece;
      if (gathered.length < GATHER_CHARACTERS) continue;
    }
    if (gathered !== "") await handle.writeFile(gathered);
    gathered = "";
    if (typeof piece !== "string") await handle.writeFile(piece);
  }
  if (gathered !== "") await handle.writeFile(gathered);
}

interface Target {
  /** The file itself, behind symbolic links. */
  readonly path: string;
  /** Permission bits of the file that is there already. */
  readonly mode: number | undefined;
  /** Whether it is something that cannot be replaced: a pipe, `/dev/null`. */
  readonly isSpecial: boolean;
}

async function findTarget(path: string): Promise<Target> {
  try {
    const existing = await stat(path);
    if (existing.isDirectory()) throw new EnvironmentError(`cannot write ${path}: it is a folder`);
    return {
      path: await realpath(path),
      mode: existing.mode & 0o777,
      isSpecial: !existing.isFile(),
    };
  } catch (error) {
    if (isSystemError(error) && error.code === "ENOENT") {
      return { path, mode: undefined, isSpecial: false };
    }
    throw error;
  }
}

async function writeInPlace(target: Target, content: FileContent): Promise<void> {
  const handle = await open(target.path, "w");
  try {
    await writePieces(handle, content);
  } finally {
    await handle.close();
  }
}

async function writeAndRename(target: Target, content: FileContent): Promise<void> {
  const random = randomBytes(6).toString("hex");
  const temporary = join(dirname(target.path), `.ipamlab-${random}.tmp`);
  const handle = await open(temporary, "wx");
  // The second Ctrl-C ends the process at once; the file must not stay behind even then.
  const removeNow = (): void => {
    rmSync(temporary, { force: true });
  };
  process.on("exit", removeNow);
  try {
    try {
      await writePieces(handle, content);
      if (target.mode !== undefined) await handle.chmod(target.mode);
    } finally {
      await handle.close();
    }
    await rename(temporary, target.path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    process.off("exit", removeNow);
  }
}

/**
 * Writes a file as a whole or not at all: into a temporary file in the same folder, which then
 * takes the place and the permissions of the file of that name. A symbolic link stays one. A pipe
 * or a device is written to directly. An error that the content's iterator throws is passed on.
 *
 * @throws EnvironmentError with the path when the file cannot be written (no such folder, no
 *   permission, disk full).
 */
export async function writeOutputFile(path: string, content: FileContent): Promise<void> {
  try {
    const target = await findTarget(path);
    await (target.isSpecial ? writeInPlace : writeAndRename)(target, content);
  } catch (error) {
    if (error instanceof ContentFailure) throw error.error;
    if (!isSystemError(error)) throw error;
    throw new EnvironmentError(`cannot write ${path}: ${describeSystemError(error)}`, {
      cause: error,
    });
  }
}
