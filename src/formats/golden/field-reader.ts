import { Cidr } from "../../model/cidr.js";
import { isJsonObject, type Json, type JsonObject } from "./trace-line.js";

/** A field of an operation that cannot be used; the caller adds file and line. */
export class UnreadableField extends Error {}

/**
 * Reads the fields of one operation. Absent fields are empty, zero or false, as in the traces; a
 * field of the wrong type throws `UnreadableField`.
 */
export class FieldReader {
  constructor(private readonly object: JsonObject) {}

  text(name: string): string {
    return this.#typed(name, "string", "") as string;
  }

  number(name: string): number {
    return this.#typed(name, "number", 0) as number;
  }

  flag(name: string): boolean {
    return this.#typed(name, "boolean", false) as boolean;
  }

  has(name: string): boolean {
    const value = this.object[name];
    return value !== undefined && value !== null;
  }

  cidr(name: string): Cidr {
    const text = this.text(name);
    const cidr = Cidr.parse(text);
    if (cidr === undefined) throw this.#unreadable(name, `a cidr, found ${JSON.stringify(text)}`);
    return cidr;
  }

  texts(name: string): string[] {
    const value = this.object[name];
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
      throw this.#unreadable(name, "a list of texts");
    }
    return value;
  }

  cidrs(name: string): Cidr[] {
    return this.texts(name).map((text) => {
      const cidr = Cidr.parse(text);
      if (cidr === undefined) throw this.#unreadable(name, `cidrs, found ${JSON.stringify(text)}`);
      return cidr;
    });
  }

  child(name: string): FieldReader | undefined {
    const value = this.object[name];
    if (value === undefined || value === null) return undefined;
    if (!isJsonObject(value)) throw this.#unreadable(name, "an object");
    return new FieldReader(value);
  }

  objects(name: string): FieldReader[] {
    const value = this.object[name];
    if (value === undefined || value === null) return [];
    if (!Array.isArray(value) || !value.every((item: Json) => isJsonObject(item))) {
      throw this.#unreadable(name, "a list of objects");
    }
    return (value as JsonObject[]).map((item) => new FieldReader(item));
  }

  /** A map from text to text; undefined when absent. */
  textMap(name: string): Record<string, string> | undefined {
    const value = this.object[name];
    if (value === undefined || value === null) return undefined;
    if (!isJsonObject(value)) throw this.#unreadable(name, "an object of texts");
    for (const item of Object.values(value)) {
      if (typeof item !== "string") throw this.#unreadable(name, "an object of texts");
    }
    return value as Record<string, string>;
  }

  #typed(name: string, type: string, absent: Json): Json {
    const value = this.object[name];
    if (value === undefined || value === null) return absent;
    if (typeof value !== type) throw this.#unreadable(name, `a ${type}`);
    return value;
  }

  #unreadable(name: string, expected: string): UnreadableField {
    return new UnreadableField(`op.${name}: expected ${expected}`);
  }
}
