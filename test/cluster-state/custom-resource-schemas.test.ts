import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { dumpCluster, storedFieldsOf } from "../../src/cluster-state/dump-cluster.js";
import { kubernetesText } from "../../src/formats/cluster/write-cluster-dump.js";
import { findProfile } from "../../src/releases/profiles.js";
import { anyState } from "./states.js";

type Schema = Record<string, unknown>;

/** What a custom resource definition says, as far as it is needed here. */
interface Definition {
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
}

/**
 * The schema, refusing fields that it does not name: an API server drops those without a word. Members
 * of `metadata` are Kubernetes' own.
 */
function closed(schema: Schema): Schema {
  const properties = schema["properties"] as Record<string, Schema> | undefined;
  const items = schema["items"] as Schema | undefined;
  return {
    ...schema,
    ...(items && { items: closed(items) }),
    ...(properties && {
      additionalProperties: false,
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, value]) => {
          return [key, key === "metadata" ? value : closed(value)];
        }),
      ),
    }),
  };
}

/** OpenAPI's `nullable` makes null a value of any type; JSON Schema does not know it. */
function withNull(schema: Schema): Schema {
  const properties = schema["properties"] as Record<string, Schema> | undefined;
  const items = schema["items"] as Schema | undefined;
  const { nullable, ...rest } = schema;
  const inner = {
    ...rest,
    ...(items && { items: withNull(items) }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, value]) => [key, withNull(value)]),
      ),
    }),
  };
  return nullable === true ? { anyOf: [{ type: "null" }, inner] } : inner;
}

function validatorsOf(release: string): Map<string, ValidateFunction> {
  const folder = join("test/fixtures/calico/schemas", release);
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  return new Map(
    readdirSync(folder).map((file) => {
      const { spec } = parse(readFileSync(join(folder, file), "utf8")) as Definition;
      const schema = withNull(closed(spec.versions[0]!.schema.openAPIV3Schema));
      return [spec.names.kind, ajv.compile(schema)];
    }),
  );
}

describe.each(["v3.28.4", "v3.32.0"])("Calico's schemas of %s", (release) => {
  const validators = validatorsOf(release);
  const fields = storedFieldsOf(findProfile(release)!.behaviours);

  test("accept every object that is written", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(anyState, (state) => {
        const text = [...kubernetesText(dumpCluster(state, null), fields)].join("");
        const { items } = JSON.parse(text) as { items: { kind: string }[] };
        for (const item of items.filter(({ kind }) => kind !== "Node")) {
          const validate = validators.get(item.kind)!;
          validate(item);
          expect(validate.errors, JSON.stringify(item)).toBeNull();
          seen.add(item.kind);
        }
      }),
      { numRuns: 100 },
    );
    expect([...seen].sort()).toEqual([...validators.keys()].sort());
  });

  test("refuse a block without its free ordinals, and fields of their own making", () => {
    const validate = validators.get("IPAMBlock")!;
    const spec = {
      allocations: [null],
      attributes: [],
      cidr: "10.0.0.0/32",
      strictAffinity: false,
    };
    const block = { apiVersion: "crd.projectcalico.org/v1", kind: "IPAMBlock", metadata: {} };
    expect(validate({ ...block, spec: { ...spec, unallocated: [0] } })).toBe(true);
    expect(validate({ ...block, spec })).toBe(false);
    expect(validate({ ...block, spec: { ...spec, unallocated: [0], colour: "red" } })).toBe(false);
  });
});

test("fields of newer releases are not in the schemas of older ones", () => {
  const validators = validatorsOf("v3.28.4");
  const fields = storedFieldsOf(findProfile("v3.32.0")!.behaviours);
  let refused = 0;
  for (const state of fc.sample(anyState, 30)) {
    const text = [...kubernetesText(dumpCluster(state, null), fields)].join("");
    const { items } = JSON.parse(text) as { items: { kind: string }[] };
    refused += items.filter((item) => validators.get(item.kind)?.(item) === false).length;
  }
  expect(refused).toBeGreaterThan(0);
});
