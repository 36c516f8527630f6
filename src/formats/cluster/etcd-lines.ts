import type { DumpTarget } from "./dump-document.js";

/** How the keys of Calico begin; no value of Calico begins so. */
export const CALICO_KEY = /^\/calico\//;

const HANDLE_KEY = "/calico/ipam/v2/handle/";

/**
 * Puts keys and values of etcd together from lines: the key and its value in turn, as `etcdctl get
 * --prefix /calico` prints them, or both on one line with a blank between.
 *
 * Old releases wrote handles whose id ends with a carriage return and another line; that line belongs
 * to the key then: it is the name of a network interface, at most 15 characters.
 */
export class EtcdLines {
  #key = "";
  #line = 0;
  #value: string[] = [];

  constructor(private readonly target: DumpTarget) {}

  push(line: string, number: number): void {
    if (!CALICO_KEY.test(line)) {
      if (this.#key === "" && line.trim() === "") return;
      const isRestOfKey =
        this.#key.startsWith(HANDLE_KEY) && this.#value.length === 0 && /^[\w-]{1,15}$/.test(line);
      if (isRestOfKey) this.#key += `\r\n${line}`;
      else this.#value.push(line);
      return;
    }
    this.finish();
    const blank = line.search(/ [{[]/);
    this.#key = blank < 0 ? line : line.slice(0, blank);
    this.#line = number;
    if (blank >= 0) this.#value.push(line.slice(blank + 1));
  }

  finish(): void {
    if (this.#key === "") return;
    const text = this.#value.join("\n").trim();
    this.target.etcd(this.#key, text, { line: this.#line, column: 1 });
    this.#key = "";
    this.#value = [];
  }
}
