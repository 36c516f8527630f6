import { describe, expect, it } from "vitest";
import type { Datastore } from "../../src/datastore/datastore.js";
import { type Effect, getNode, LockRequest, Sleep } from "../../src/datastore/request.js";
import type { Response } from "../../src/datastore/response.js";
import type { Steps } from "../../src/protocol/environment.js";
import { Client, InterleavedLock } from "../../src/protocol/interleave.js";

/** A datastore that only notes which node was asked for. */
class NotingDatastore implements Datastore {
  readonly names: string[] = [];

  perform(request: Parameters<Datastore["perform"]>[0]): Response {
    this.names.push(request.name);
    return [request.name];
  }
}

function* performing(effects: readonly Effect[]): Steps<readonly Response[]> {
  const responses: Response[] = [];
  for (const effect of effects) responses.push(yield effect);
  return responses;
}

function* underLock(name: string): Steps<string> {
  yield new LockRequest("acquire");
  yield getNode(name);
  yield new LockRequest("release");
  return name;
}

describe("a client", () => {
  it("waits at its first call without making it", () => {
    const datastore = new NotingDatastore();
    const client = new Client(performing([getNode("a")]), datastore);
    expect(datastore.names).toEqual([]);
    expect(client.pending).toMatchObject({ verb: "get", name: "a" });
    expect(client.result).toBeUndefined();
  });

  it("makes one call a step and ends with the operation's result", () => {
    const datastore = new NotingDatastore();
    const client = new Client(performing([getNode("a"), getNode("b")]), datastore);
    client.step();
    expect(datastore.names).toEqual(["a"]);
    expect(client.pending).toMatchObject({ name: "b" });
    client.step();
    expect(client.pending).toBeUndefined();
    expect(client.result).toEqual([["a"], ["b"]]);
  });

  it("gives pauses no step", () => {
    const datastore = new NotingDatastore();
    const effects = [new Sleep(1), getNode("a"), new Sleep(1), new Sleep(1)];
    const client = new Client(performing(effects), datastore);
    client.step();
    expect(client.pending).toBeUndefined();
    expect(datastore.names).toEqual(["a"]);
  });

  it("has ended at once when the operation asks for nothing", () => {
    const client = new Client(performing([]), new NotingDatastore());
    expect(client.pending).toBeUndefined();
    expect(client.result).toEqual([]);
  });

  it("goes between another client's calls, in the order of the steps", () => {
    const datastore = new NotingDatastore();
    const clients = ["a", "b"].map(
      (name) => new Client(performing([getNode(`${name}1`), getNode(`${name}2`)]), datastore),
    );
    for (const number of [0, 1, 1, 0]) clients[number]!.step();
    expect(datastore.names).toEqual(["a1", "b1", "b2", "a2"]);
  });
});

describe("the lock", () => {
  function step(lock: InterleavedLock, client: Client<unknown>): void {
    expect(lock.mayStep(client)).toBe(true);
    lock.beforeStep(client);
    client.step();
  }

  it("lets one client in, and the next one when that has left", () => {
    const datastore = new NotingDatastore();
    const lock = new InterleavedLock();
    const first = new Client(underLock("a"), datastore);
    const second = new Client(underLock("b"), datastore);
    step(lock, first);
    expect(lock.mayStep(second)).toBe(false);
    step(lock, first);
    expect(lock.mayStep(second)).toBe(false);
    step(lock, first);
    step(lock, second);
    step(lock, second);
    expect(datastore.names).toEqual(["a", "b"]);
  });

  it("holds up nobody who does not ask for it", () => {
    const datastore = new NotingDatastore();
    const lock = new InterleavedLock();
    const holder = new Client(underLock("a"), datastore);
    const reader = new Client(performing([getNode("b")]), datastore);
    step(lock, holder);
    step(lock, reader);
    expect(reader.result).toEqual([["b"]]);
  });
});
