import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { exactText, parseExactly } from "./exact-text.js";

/** A server of a test, on this machine's loopback alone. */
interface LocalServer {
  readonly url: string;
  /** Ends it; its data is in the folder that it was given. */
  stop(): Promise<void>;
}

const READY_ATTEMPTS = 300;
const PAUSE_MS = 200;

/** A port that nobody listens on at the moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function stopper(child: ChildProcess): () => Promise<void> {
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return async () => {
    if (child.exitCode === null) child.kill("SIGTERM");
    await ended;
  };
}

/** Starts a program and waits until it says that it is ready. */
async function start(
  program: string,
  argv: readonly string[],
  isReady: () => Promise<boolean>,
): Promise<() => Promise<void>> {
  const child = spawn(program, argv, { stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.on("data", (data: Buffer) => {
    log = (log + data.toString()).slice(-4000);
  });
  const stop = stopper(child);
  for (let attempt = 0; attempt < READY_ATTEMPTS; attempt++) {
    if (child.exitCode !== null) break;
    if (await isReady().catch(() => false)) return stop;
    await pause(PAUSE_MS);
  }
  child.kill("SIGKILL");
  throw new Error(`${program} did not become ready:\n${log}`);
}

/** Starts an etcd of one member. */
export async function startEtcd(folder: string): Promise<LocalServer> {
  const [url, peers] = [await freePort(), await freePort()].map((port) => {
    return `http://127.0.0.1:${port}`;
  }) as [string, string];
  const options = {
    "data-dir": join(folder, "etcd"),
    "listen-client-urls": url,
    "advertise-client-urls": url,
    "listen-peer-urls": peers,
    "initial-advertise-peer-urls": peers,
    "initial-cluster": `default=${peers}`,
  };
  const argv = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const stop = await start("etcd", argv, async () => (await fetch(`${url}/health`)).ok);
  return { url, stop };
}

/** What the API server answers. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A Kubernetes API server for custom resources, without authentication. */
export interface ApiServer extends LocalServer {
  send(method: "GET" | "POST" | "DELETE", path: string, object?: unknown): Promise<Answer>;
}

/** @param program the server that `api-server/build.sh` has built. */
export async function startApiServer(
  program: string,
  folder: string,
  etcdUrl: string,
): Promise<ApiServer> {
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const certificates = join(folder, "certificates");
  // It makes a certificate of its own when it starts.
  let agent: Agent | undefined;
  const send = (method: string, path: string, object?: unknown): Promise<Answer> => {
    agent ??= new Agent({
      keepAlive: true,
      maxSockets: 4,
      ca: readFileSync(join(certificates, "apiserver.crt")),
    });
    const headers = { "Content-Type": "application/json", Accept: "application/json" };
    return new Promise((resolve, reject) => {
      const sent = request(`${url}${path}`, { method, agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = response.headers["content-type"]?.includes("json") === true;
          const body = isJson ? parseExactly(text) : text;
          resolve({ status: response.statusCode!, body });
        });
      });
      sent.on("error", reject);
      sent.end(object === undefined ? undefined : exactText(object));
    });
  };
  const argv = [
    `--etcd-servers=${etcdUrl}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    `--cert-dir=${certificates}`,
  ];
  const isReady = async () => (await send("GET", "/readyz")).status === 200;
  const stop = await start(program, argv, isReady);
  return {
    url,
    send,
    async stop() {
      agent?.destroy();
      await stop();
    },
  };
}
