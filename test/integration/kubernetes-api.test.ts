// needs-debian: etcd-server
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parse } from "yaml";
import { dumpCluster, storedFieldsOf } from "../../src/cluster-state/dump-cluster.js";
import { loadCluster } from "../../src/cluster-state/load-cluster.js";
import { readClusterDump } from "../../src/formats/cluster/read-cluster-dump.js";
import { kubernetesText } from "../../src/formats/cluster/write-cluster-dump.js";
import { findProfile } from "../../src/releases/profiles.js";
import { runCommand } from "../cli/run-command.js";
import { anyState, contentsOf, emptyDatastore } from "../cluster-state/states.js";
import { exactText, parseExactly } from "./exact-text.js";
import { type ApiServer, startApiServer, startEtcd } from "./local-servers.js";

const BUILD = "test/integration/api-server/build.sh";
const BUILD_MS = 1_200_000;
const GROUP = "crd.projectcalico.org/v1";
const CLUSTER = "test/fixtures/golden-clusters/cluster-02/cluster.json.gz";

const program = execFileSync(BUILD, ["--path"], { encoding: "utf8" }).trim();
const folders = (process.env["PATH"] ?? "").split(delimiter);
const hasGo = folders.some((folder) => existsSync(join(folder, "go")));

/** What Kubernetes takes as a name. */
const OBJECT_NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

interface Definition extends KubernetesObject {
  readonly spec: { readonly names: { readonly kind: string; readonly plural: string } };
}

const text = { type: "string" };

/**
 * ClusterInformation has the same fields in all releases
 * (`api/pkg/apis/projectcalico/v3/clusterinfo.go`).
 */
const CLUSTER_INFORMATION: Definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "clusterinformations.crd.projectcalico.org" },
  spec: {
    group: "crd.projectcalico.org",
    names: {
      kind: "ClusterInformation",
      listKind: "ClusterInformationList",
      plural: "clusterinformations",
      singular: "clusterinformation",
    },
    scope: "Cluster",
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              apiVersion: text,
              kind: text,
              metadata: { type: "object" },
              spec: {
                type: "object",
                properties: {
                  calicoVersion: text,
                  clusterGUID: text,
                  clusterType: text,
                  datastoreReady: { type: "boolean" },
                  variant: text,
                },
              },
            },
          },
        },
      },
    ],
  } as Definition["spec"],
};

function definitionsOf(release: string): Definition[] {
  const folder = join("test/fixtures/calico/schemas", release);
  const calico = readdirSync(folder).map((file) => {
    return parse(readFileSync(join(folder, file), "utf8")) as Definition;
  });
  return [...calico, CLUSTER_INFORMATION];
}

interface Contents {
  readonly handles: readonly { readonly blocks: readonly (readonly [string, number])[] }[];
}

/** The server orders the members of an object, in which a handle keeps its blocks. */
function inMapOrder(contents: Contents): Contents {
  const handles = contents.handles.map(({ blocks, ...handle }) => {
    return { ...handle, blocks: blocks.toSorted(([a], [b]) => (a < b ? -1 : 1)) };
  });
  return { ...contents, handles };
}

function itemsOf(list: string): KubernetesObject[] {
  return (parseExactly(list) as { items: KubernetesObject[] }).items;
}

/** Custom resources of a release at an API server. */
class CustomResources {
  readonly #plurals: ReadonlyMap<string, string>;

  constructor(
    private readonly server: ApiServer,
    private readonly definitions: readonly Definition[],
  ) {
    this.#plurals = new Map(definitions.map(({ spec: { names } }) => [names.kind, names.plural]));
  }

  async define(): Promise<void> {
    const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    for (const definition of this.definitions) {
      const { status, body } = await this.server.send("POST", path, definition);
      expect(status, JSON.stringify(body)).toBe(201);
    }
    const isServed = async () => {
      expect(await this.#statuses()).toEqual(this.definitions.map(() => 200));
    };
    await vi.waitFor(isServed, { timeout: 60_000, interval: 200 });
  }

  #statuses(): Promise<number[]> {
    const answers = [...this.#plurals.values()].map((plural) => {
      return this.server.send("GET", `/apis/${GROUP}/${plural}`);
    });
    return Promise.all(answers.map(async (answer) => (await answer).status));
  }

  /** Creates objects; a field that the release's schema does not know is refused. */
  async create(objects: readonly KubernetesObject[]): Promise<void> {
    const answers = objects.map((object) => {
      const plural = this.#plurals.get(object.kind);
      return this.server.send("POST", `/apis/${GROUP}/${plural}?fieldValidation=Strict`, object);
    });
    for (const [i, answer] of (await Promise.all(answers)).entries()) {
      const shown = `${JSON.stringify(objects[i])}\n${JSON.stringify(answer.body)}`;
      expect(answer.status, shown).toBe(201);
    }
  }

  /** All objects as `kubectl get … -o json` prints them. */
  async list(): Promise<string> {
    const items: KubernetesObject[] = [];
    for (const [kind, plural] of this.#plurals) {
      const { body } = await this.server.send("GET", `/apis/${GROUP}/${plural}`);
      const { items: found } = body as { items: KubernetesObject[] };
      items.push(...found.map((item) => ({ ...item, apiVersion: GROUP, kind })));
    }
    return exactText({ apiVersion: "v1", kind: "List", items });
  }

  async deleteAll(): Promise<void> {
    for (const plural of this.#plurals.values()) {
      expect((await this.server.send("DELETE", `/apis/${GROUP}/${plural}`)).status).toBe(200);
    }
  }
}

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ipamlab-api-"));
  if (hasGo) execFileSync(BUILD, { stdio: "ignore" });
}, BUILD_MS);
afterAll(async () => {
  await rm(folder, { recursive: true });
});

// Without Go there is no server to test with: `.ci/run` says so.
describe.runIf(hasGo || existsSync(program)).each(["v3.28.4", "v3.32.0"])(
  "a Kubernetes API server with Calico's resources of %s",
  (release) => {
    const stops: (() => Promise<void>)[] = [];
    let resources: CustomResources;
    beforeAll(async () => {
      const data = await mkdtemp(join(folder, "servers-"));
      const etcd = await startEtcd(data);
      stops.push(() => etcd.stop());
      const server = await startApiServer(program, data, etcd.url);
      stops.push(() => server.stop());
      resources = new CustomResources(server, definitionsOf(release));
      await resources.define();
    });
    afterAll(async () => {
      for (const stop of stops.reverse()) await stop();
    });

    /** Creates what `export` has written, reads it back, and compares what ipamlab makes of both. */
    async function expectSame(exported: string): Promise<void> {
      const objects = itemsOf(await readFile(exported, "utf8"));
      expect(objects.length).toBeGreaterThan(20);
      await resources.create(objects);
      const readBack = join(folder, "read-back.json");
      await writeFile(readBack, await resources.list());
      for (const view of [["show", "--show-blocks", "--show-configuration"], ["check"]]) {
        const [before, after] = await Promise.all([
          runCommand(...view, exported),
          runCommand(...view, readBack),
        ]);
        expect(after).toEqual({
          ...before,
          stdout: before.stdout.replaceAll(exported, readBack),
        });
      }
      const state = async (dump: string, name: string) => {
        const { exitCode, stderr } = await runCommand("import", dump, "-o", join(folder, name));
        expect(exitCode, stderr).toBe(0);
        return readFile(join(folder, name.replace(".yaml", ".state.json")), "utf8");
      };
      expect(await state(readBack, "after.yaml")).toBe(await state(exported, "before.yaml"));
      await resources.deleteAll();
    }

    test.each(["allocator", "cluster"])("accepts the end of a run: model %s", async (model) => {
      const scenario = join(folder, "scenario.yaml");
      const tunnels = model === "cluster" ? ", vxlanMode: Always" : "";
      await writeFile(
        scenario,
        `ipamlab: 1
release: ${release}
pools:
  - { name: pods, cidr: 10.0.0.0/24, blockSize: 28${tunnels} }
  - { name: pods-6, cidr: "fd00::/120", blockSize: 124 }
reservations: [{ name: kept, cidrs: [10.0.0.250/32] }]
nodes: { count: 5 }
simulation: { model: ${model}, duration: 10m }
workload:
  - { executor: poisson, rate: 1, duration: 60s, lifetime: 20s, namespace: shop }
`,
      );
      const exported = join(folder, "run.json");
      const { exitCode, stderr } = await runCommand(
        ...["export", scenario, "--at", "45s", "--objects", "ipam", "-o", exported],
      );
      expect(exitCode, stderr).toBe(0);
      await expectSame(exported);
    });

    test("accepts a real cluster's state with its leaks and tunnels", async () => {
      const imported = join(folder, "real.yaml");
      await runCommand("import", CLUSTER, "-o", imported, "--release", release);
      const exported = join(folder, "real.json");
      const { exitCode, stderr } = await runCommand(
        ...["export", imported, "--at", "0s", "--objects", "ipam", "-o", exported],
      );
      expect(exitCode, stderr).toBe(0);
      await expectSame(exported);
    });

    test("keeps any state: what is read back is what was written", async () => {
      const fields = storedFieldsOf(findProfile(release)!.behaviours);
      const states = fc.sample(anyState, { numRuns: 15, seed: 1 });
      for (const state of states) {
        const whole = dumpCluster(state, null);
        // Kubernetes has no object of another name; a handle's name may still stand in a block.
        const handles = whole.handles.filter(({ object }) => OBJECT_NAME.test(object.name));
        // The schema of v3.32.0 has a rule against such pools.
        const pools = whole.pools.filter(({ value: { allowedUses } }) => {
          return allowedUses.length === 1 || !allowedUses.includes("LoadBalancer");
        });
        const dump = { ...whole, handles, pools, nodes: [] };
        const written = join(folder, "written.json");
        await writeFile(written, [...kubernetesText(dump, fields)].join(""));
        await resources.create(itemsOf(await readFile(written, "utf8")));
        const readBack = join(folder, "read-back.json");
        await writeFile(readBack, await resources.list());
        const [before, after] = await Promise.all(
          [written, readBack].map(async (file) => {
            const datastore = emptyDatastore();
            loadCluster(await readClusterDump([file], {}), datastore);
            return inMapOrder(contentsOf(datastore) as Contents);
          }),
        );
        expect(after).toEqual(before);
        await resources.deleteAll();
      }
    });

    test("refuses a field that the release does not know", async () => {
      const handle = { apiVersion: GROUP, kind: "IPAMHandle", metadata: { name: "h" } };
      const spec = { handleID: "h", block: {}, deleted: false };
      await resources.create([{ ...handle, spec } as KubernetesObject]);
      const odd = [{ ...handle, metadata: { name: "odd" }, spec: { ...spec, colour: "red" } }];
      await expect(resources.create(odd)).rejects.toThrow("unknown field");
      await resources.deleteAll();
    });
  },
);
