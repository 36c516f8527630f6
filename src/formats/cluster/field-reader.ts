import { type AddressNumber, parseAddress } from "../../model/address.js";
import { Cidr } from "../../model/cidr.js";
import { quoted } from "../traces/printable.js";

/** Name of a member, or position in a list. */
export type FieldKey = string | number;

function pathText(keys: readonly FieldKey[]): string {
  let path = "";
  for (const key of keys) {
    if (typeof key === "number") path += `[${key}]`;
    else if (!/^[A-Za-z_][\w-]*$/.test(key)) path += `[${quoted(key)}]`;
    else path += path === "" ? key : `.${key}`;
  }
  return path;
}

/** A field of an object is not what it has to be; whoever reads the file knows where that is. */
export class FieldFault extends Error {
  constructor(
    /** The way to the field inside its object. */
    readonly keys: readonly FieldKey[],
    /** What was expected, and what stands there. */
    readonly fault: string,
    /** The field is not there: the file may break off. */
    readonly isMissing = false,
  ) {
    super(`${pathText(keys)}: ${fault}`);
  }

  /** `spec.allocations[3]`; empty for the object itself. */
  get field(): string {
    return pathText(this.keys);
  }
}

/** A value of a file in a few words. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") {
    return String(value);
  }
  return `a ${typeof value}`;
}

/** Integers beyond what a double holds arrive as text of digits or as bigint. */
function asInteger(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : undefined;
  if (typeof value === "string" && /^-?\d{16,40}$/.test(value)) return BigInt(value);
  return undefined;
}

/**
 * One value of a file with the way that leads to it. Readers throw FieldFault when the value is not
 * of their kind; `optional` readers take an absent or null value for none.
 */
export class Field {
  constructor(
    readonly value: unknown,
    /** The object or list that it is part of, and under which key. */
    private readonly parent: Field | null = null,
    private readonly key: FieldKey = "",
  ) {}

  /** The way from the outermost value to this one. */
  get keys(): FieldKey[] {
    return this.parent === null ? [] : [...this.parent.keys, this.key];
  }

  fail(expected: string): never {
    const fault = `expected ${expected}, found ${shown(this.value)}`;
    throw new FieldFault(this.keys, fault, this.isAbsent);
  }

  /** Says what is wrong in words of its own. */
  refuse(fault: string): never {
    throw new FieldFault(this.keys, fault);
  }

  /** Another value for the same place. */
  with(value: unknown): Field {
    return new Field(value, this.parent, this.key);
  }

  get isAbsent(): boolean {
    return this.value === undefined || this.value === null;
  }

  /** A member of an object, absent when the object has none of this name. */
  member(name: string): Field {
    const record = this.record();
    return new Field(Object.hasOwn(record, name) ? record[name] : undefined, this, name);
  }

  record(): Readonly<Record<string, unknown>> {
    if (typeof this.value !== "object" || this.value === null || Array.isArray(this.value)) {
      this.fail("an object");
    }
    return this.value as Readonly<Record<string, unknown>>;
  }

  /** An object that may be absent, and is empty then. */
  optionalObject(): Field {
    return this.isAbsent ? this.with({}) : this;
  }

  /** Members of an object, in order. */
  entries(): [key: string, value: Field][] {
    const list = Object.entries(this.record());
    return list.map(([key, value]) => [key, new Field(value, this, key)]);
  }

  list(): Field[] {
    if (!Array.isArray(this.value)) this.fail("a list");
    return (this.value as unknown[]).map((item, i) => new Field(item, this, i));
  }

  optionalList(): Field[] {
    return this.isAbsent ? [] : this.list();
  }

  text(): string {
    return typeof this.value === "string" ? this.value : this.fail("text");
  }

  /** A text, which files written by hand may give as a number or as true or false. */
  scalar(): string {
    const { value } = this;
    if (typeof value === "boolean" || typeof value === "number" || typeof value === "bigint") {
      return String(value);
    }
    return this.text();
  }

  filledText(): string {
    const text = this.text();
    return text === "" ? this.fail("text that is not empty") : text;
  }

  optionalText(): string {
    return this.isAbsent ? "" : this.text();
  }

  optionalBoolean(whenAbsent: boolean): boolean {
    if (this.isAbsent) return whenAbsent;
    return typeof this.value === "boolean" ? this.value : this.fail("true or false");
  }

  /** True or false, also as text, which some kinds of `crd.projectcalico.org/v1` use. */
  optionalFlag(): boolean {
    if (this.isAbsent || this.value === "" || this.value === "false") return false;
    return this.value === "true" || this.optionalBoolean(false);
  }

  /** A whole number of this range. */
  integer(least: number, most: number): number {
    const value = asInteger(this.value);
    if (value === undefined || value < BigInt(least) || value > BigInt(most)) {
      this.fail(`a whole number from ${least} to ${most}`);
    }
    return Number(value);
  }

  optionalInteger(least: number, most: number): number | undefined {
    return this.isAbsent ? undefined : this.integer(least, most);
  }

  /** An unsigned 64-bit number. */
  unsigned64(): bigint {
    const value = asInteger(this.value);
    if (value === undefined || value < 0n || value >= 1n << 64n) {
      this.fail("a whole number from 0 to 2^64 - 1");
    }
    return value;
  }

  cidr(): Cidr {
    const cidr = typeof this.value === "string" ? Cidr.parse(this.value) : undefined;
    return cidr ?? this.fail("a network such as 10.0.0.0/26");
  }

  /** An address, alone or with a prefix length. */
  address(): AddressNumber {
    const text = typeof this.value === "string" ? this.value.trim() : "";
    const slash = text.indexOf("/");
    const isNetwork = slash >= 0 && Cidr.parse(text) !== undefined;
    const address = parseAddress(isNetwork ? text.slice(0, slash) : text);
    return address ?? this.fail("an IP address");
  }
}
