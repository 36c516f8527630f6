import { didYouMean } from "../../failure/nearest-name.js";
import { Cidr } from "../../model/cidr.js";
import type { IpamConfig } from "../../model/ipam-config.js";
import { defaultBlockSize } from "../../model/pool.js";
import { quoted } from "../traces/printable.js";
import { type Change, ChangeSchema } from "./change-schema.js";
import { IpamConfigSchema, PoolSchema } from "./pool-schema.js";
import { type Finding, valueAt } from "./schema-faults.js";
import { listAt, namesAt, soundItems } from "./sound-parts.js";
import type { FieldPath } from "./yaml-document.js";

type ChangeOf<Kind extends Change["change"]> = Extract<Change, { readonly change: Kind }>;

/** The cluster's configuration as the changes make it, one after the other. */
class Timeline {
  readonly findings: Finding[] = [];
  /** Networks by name; undefined for a pool that is wrong in itself. */
  readonly #pools: Map<string, Cidr | undefined>;
  /** Whether each pool of the beginning can be told by its name. */
  readonly #areNamed: boolean;
  /** Versions of the pools of the beginning; empty when one of them is wrong in itself. */
  readonly #versions: readonly number[];
  #collects: boolean;
  /** Undefined when that of the beginning is wrong in itself. */
  #config: IpamConfig | undefined;

  constructor(
    private readonly content: unknown,
    private readonly knownReleases: readonly string[],
  ) {
    const names = namesAt(content, ["pools"]);
    const sound = soundItems(content, ["pools"], PoolSchema).map(([, pool]) => pool);
    this.#areNamed = names !== undefined;
    this.#pools = new Map((names ?? []).map((name) => [name, undefined]));
    for (const { name, cidr } of sound) this.#pools.set(name, Cidr.of(cidr));
    const areSound = sound.length === listAt(content, ["pools"]).length;
    this.#versions = areSound ? sound.map(({ cidr }) => Cidr.of(cidr).version) : [];
    this.#collects = valueAt(content, ["gc", "enabled"]) !== false;
    this.#config = IpamConfigSchema.safeParse(valueAt(content, ["ipamConfig"]) ?? {}).data;
  }

  apply(change: Change, path: FieldPath): void {
    switch (change.change) {
      case "add-pool":
        this.#add(change, path);
        break;
      case "disable-pool":
      case "enable-pool":
        this.#find(change.pool, path);
        break;
      case "delete-pool":
        this.#find(change.pool, path);
        this.#pools.delete(change.pool);
        break;
      case "ipam-config":
        this.#configure(change, path);
        break;
      case "release":
        this.#checkRelease(change.release, path);
        break;
      case "slow-datastore":
      case "stop-datastore":
      case "restore-datastore":
        this.#checkCluster(path, ["datastore", "disturbances"]);
        break;
      case "stop-gc":
      case "start-gc":
        if (this.#checkCluster(path, ["gc", "outages"])) {
          this.#setCollector(change.change === "start-gc", path);
        }
        break;
      case "relabel-nodes":
    }
  }

  /** What only the cluster model has, and what is written in one of two places. */
  #checkCluster(path: FieldPath, otherPlace: FieldPath): boolean {
    const at = [...path, "change"];
    const isCluster = valueAt(this.content, ["simulation", "model"]) === "cluster";
    if (!isCluster) {
      this.#refuse(at, "goes only with simulation.model: cluster");
    } else if (listAt(this.content, otherPlace).length > 0) {
      this.#refuse(at, `cannot stand next to ${otherPlace.join(".")}; write all as changes`);
    }
    return isCluster;
  }

  #setCollector(isOn: boolean, path: FieldPath): void {
    if (this.#collects === isOn) {
      const message = `${isOn ? "a" : "no"} garbage collector runs at this time`;
      this.#refuse([...path, "change"], message);
    }
    this.#collects = isOn;
  }

  #refuse(path: FieldPath, message: string): void {
    this.findings.push({ path, message });
  }

  #find(name: string, path: FieldPath): void {
    const names = [...this.#pools.keys()];
    if (!this.#areNamed || names.includes(name)) return;
    const message = `there is no pool ${quoted(name)} at this time${didYouMean(name, names)}`;
    this.#refuse([...path, "pool"], message);
  }

  #add({ pool }: ChangeOf<"add-pool">, path: FieldPath): void {
    const cidr = Cidr.of(pool.cidr);
    const size = pool.blockSize ?? defaultBlockSize(cidr.version);
    const at = (field: string) => [...path, "pool", field];
    if (this.#pools.has(pool.name)) {
      this.#refuse(at("name"), `there is a pool ${quoted(pool.name)} at this time`);
    }
    const [shortest, longest] = cidr.version === 4 ? [20, 32] : [116, 128];
    if (size < shortest || size > longest) {
      const message = `expected ${shortest} to ${longest} for an IPv${cidr.version} pool, found ${size}`;
      this.#refuse(at("blockSize"), message);
    } else if (cidr.prefix > size) {
      this.#refuse(at("cidr"), `${cidr.text} holds no block of /${size}`);
    }
    for (const [name, other] of this.#pools) {
      if (other?.overlaps(cidr) !== true) continue;
      this.#refuse(at("cidr"), `${cidr.text} overlaps ${other.text} of pool ${quoted(name)}`);
    }
    if (this.#versions.length > 0 && !this.#versions.includes(cidr.version)) {
      const message = `the scenario begins without an IPv${cidr.version} pool, and its pods ask for no such address later`;
      this.#refuse(at("cidr"), message);
    }
    if (!this.#pools.has(pool.name)) this.#pools.set(pool.name, cidr);
  }

  #configure(change: ChangeOf<"ipam-config">, path: FieldPath): void {
    const { strictAffinity, autoAllocateBlocks, maxBlocksPerHost } = change;
    if (this.#config === undefined) return;
    this.#config = {
      strictAffinity: strictAffinity ?? this.#config.strictAffinity,
      autoAllocateBlocks: autoAllocateBlocks ?? this.#config.autoAllocateBlocks,
      maxBlocksPerHost: maxBlocksPerHost ?? this.#config.maxBlocksPerHost,
    };
    if (this.#config.strictAffinity) return;
    if (!this.#config.autoAllocateBlocks) {
      const calico = "Cannot disable 'StrictAffinity' and 'AutoAllocateBlocks' at the same time";
      this.#refuse(
        path,
        `strictAffinity and autoAllocateBlocks would be false (Calico: "${calico}")`,
      );
    }
    if (this.#config.maxBlocksPerHost > 0) {
      const calico = "MaxBlocksPerHost requires StrictAffinity to be enabled";
      const message = `maxBlocksPerHost ${this.#config.maxBlocksPerHost} needs strictAffinity: true (Calico: "${calico}")`;
      this.#refuse(path, message);
    }
  }

  #checkRelease(release: string, path: FieldPath): void {
    if (this.knownReleases.includes(release)) return;
    const message = `unknown release ${quoted(release)}${didYouMean(release, this.knownReleases)}`;
    this.#refuse([...path, "release"], message);
  }
}

/** What is wrong with the sound changes of a scenario, each seen at its time. */
export function changeFindings(content: unknown, knownReleases: readonly string[]): Finding[] {
  const timeline = new Timeline(content, knownReleases);
  const changes = soundItems(content, ["changes"], ChangeSchema);
  const inOrder = changes.toSorted(([, a], [, b]) => a.at - b.at);
  for (const [index, change] of inOrder) timeline.apply(change, ["changes", index]);
  return timeline.findings;
}
