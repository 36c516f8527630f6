import type { CallRecord } from "../datastore/call-record.js";
import type { MemoryDatastore } from "../datastore/memory.js";
import type { DatastoreRequest } from "../datastore/request.js";
import type { Response } from "../datastore/response.js";
import type { CallWitness } from "../datastore/simulated/client-process.js";
import { ResourceError } from "../model/calico-error.js";
import type { PodLookup } from "../model/pod.js";
import type { AddressNumber } from "../model/address.js";
import { AddressUse } from "../simulation/address-use.js";
import { CallCounts } from "../simulation/call-counts.js";
import { checkBlocks } from "../simulation/checks/state-check.js";
import { ChurnMeasures } from "../simulation/churn-measures.js";
import type { Kernel } from "../simulation/kernel.js";
import { NodeLedger } from "../simulation/node-ledger.js";
import type { Behaviours } from "../releases/behaviours.js";
import type {
  ClusterNode,
  InitialAddresses,
  NodeLoss,
  PodNetwork,
  PodNetworkEvents,
  PodRef,
} from "../workload/pod-network.js";
import {
  type CniAddResult,
  type CniAddress,
  type CniRequest,
  ordinaryRequest,
  requestOfHandle,
} from "./cni-request.js";
import { HostLock } from "./host-lock.js";
import { KubeletPod, type KubeletSurroundings, RunningCommand } from "./kubelet-pod.js";
import { failedSandboxText, failedTeardownText, SANDBOX_LIMIT_TEXT } from "./kubelet-texts.js";
import { countLeaks, type HandleLeak, type LeakCount, leaksByHandle } from "./leak-count.js";
import { NetworkMeasures } from "./network-measures.js";
import { LeakAges } from "./leak-ages.js";
import { NodeStarts } from "./node-starts.js";
import { PodHoldings } from "./pod-holdings.js";
import { PodObjects } from "./pod-objects.js";
import type { PodWatch } from "./pod-watch.js";
import { NodeMachine } from "./node-machine.js";
import { NodeWorkers } from "./node-workers.js";
import type { NodeSettings } from "./node-settings.js";
import type { PluginProcess } from "./plugin-process.js";
import type { PodWitness } from "./pod-witness.js";
import {
  ReleaseRegistry,
  type ReleaseSurroundings,
  type ReleaseSurroundingsOptions,
} from "./release-surroundings.js";
import { TimeLimits } from "./time-limits.js";

export interface NodeNetworkOptions extends ReleaseSurroundingsOptions {
  /** The release of the nodes, until another one is installed. */
  readonly release: Behaviours;
  readonly node: NodeSettings;
  readonly wants: { readonly ipv4: boolean; readonly ipv6: boolean };
  readonly record?: CallRecord | undefined;
  /** Who is told of what happens to a pod; null: nobody. */
  readonly witnessOf?: ((pod: PodRef) => PodWitness | null) | undefined;
}

const SECOND_US = 1_000_000;
/** Leaks are counted this often, or as often as the cost of counting allows. */
const LEAK_COUNT_US = 30 * SECOND_US;
/** Between two checks of the whole state lie at least this many commands. */
const CHECK_EVERY = 10_000;
const SANDBOX = "<sandbox>";

/** Whether another client was faster: to write the object, or to claim the block. */
function isConflict({ kind, verb }: DatastoreRequest, error: ResourceError): boolean {
  if (error.kind === "conflict") return true;
  return error.kind === "exists" && kind === "block" && verb === "create";
}

/**
 * The network of `model: cluster`: kubelets, the CNI plugin with its host lock and its clients, and the
 * API server that all of them share, in simulated time. Invariants are checked in every run.
 */
export class NodeNetwork implements PodNetwork, KubeletSurroundings, CallWitness {
  readonly measures = new ChurnMeasures();
  readonly network = new NetworkMeasures();
  readonly counts = new CallCounts();
  readonly ledger = new NodeLedger();
  readonly machines: NodeMachine[] = [];
  readonly kernel: Kernel;
  readonly datastore: MemoryDatastore;
  readonly random: () => number;
  readonly limits: KubeletSurroundings["limits"];
  readonly leakAges: LeakAges;
  /** Who else watches the pods, if anyone. */
  podWatch: PodWatch | null = null;
  /** The release of nodes that join. */
  releaseOfNewNodes: Behaviours;
  readonly #releases: ReleaseRegistry;
  readonly #workers = new NodeWorkers();
  readonly #starts: NodeStarts;
  readonly #lockRandom: () => number;
  readonly #holdings: PodHoldings;
  readonly #podObjects = new PodObjects();
  #sandboxes = 0;
  #operations = 0;
  #nextCheck = CHECK_EVERY;
  #secondUs = 0;
  #requestsBefore = 0;
  #nextLeakCountUs = 0;

  constructor(
    private readonly options: NodeNetworkOptions,
    private readonly events: PodNetworkEvents,
  ) {
    const { kernel, datastore, random, node } = options;
    this.kernel = kernel;
    this.datastore = datastore;
    this.releaseOfNewNodes = options.release;
    this.random = random.stream("kubelet");
    const use = new AddressUse(this.measures.reuse, options.record);
    this.#holdings = new PodHoldings(datastore, use);
    this.#releases = new ReleaseRegistry(options, this, (key) => this.lookUpPod(key));
    this.#lockRandom = random.stream("host-lock");
    this.leakAges = new LeakAges(datastore);
    this.#starts = new NodeStarts(datastore, kernel, node.windows, this.network, events);
    const limit = (us: number) =>
      new TimeLimits<RunningCommand>(kernel, us, ({ worker, process }) => worker.kill(process));
    this.limits = {
      add: limit(node.addLimitUs),
      del: limit(node.delLimitUs),
      cleanUp: limit(node.cleanUpLimitUs),
    };
  }

  /** Commands that have ended so far. */
  get operations(): number {
    return this.#operations;
  }

  /** Addresses held by pods now. */
  get addressesInUse(): number {
    return this.#holdings.addressCount;
  }

  get borrowedInUse(): number {
    return this.#holdings.borrowed;
  }

  /** ADDs that have been started and not ended. */
  get addsUnderWay(): number {
    const { addsStarted, addsSucceeded, addsFailed, addsLost } = this.network;
    return addsStarted - addsSucceeded - addsFailed - addsLost;
  }

  /** Pods on nodes that hold no address. */
  get podsWithoutNetwork(): number {
    return this.#workers.size - this.#holdings.podCount;
  }

  /** Most processes that waited for one node's lock. */
  get lockQueuePeak(): number {
    return this.machines.reduce((peak, { lock }) => Math.max(peak, lock.queuePeak), 0);
  }

  /** Most processes that waited for the lock that pre-3.28.4 has for the whole cluster. */
  get clusterLockQueuePeak(): number {
    return this.#releases.clusterLockQueuePeak;
  }

  callAnswered(request: DatastoreRequest, response: Response): void {
    this.counts.note(request);
    if (response instanceof ResourceError && isConflict(request, response)) {
      this.network.conflicts++;
    }
    this.options.record?.noteCall(request, response);
  }

  lookUpPod(podKey: string): PodLookup {
    return this.#podObjects.lookUp(podKey);
  }

  nodeJoined(node: ClusterNode): void {
    const { node: settings } = this.options;
    const surroundings = this.surroundingsOf(this.releaseOfNewNodes);
    const lock = new HostLock(this.kernel, this.#lockRandom, settings.lock);
    this.machines.push(new NodeMachine(node, surroundings, lock, settings));
    this.#workers.addNode();
    const { name, labels } = node;
    this.ledger.join({ name, labels });
    // A node of the initial state has been put there with what its calico-node has told of it.
    const isStarted = this.kernel.woken === 0 && this.datastore.hasNode(name);
    if (!isStarted) this.datastore.setNode({ name, labels });
    this.#starts.join(node, surroundings, isStarted);
  }

  /**
   * Replaces the plugin on a node, and its calico-node, which starts again. Processes that run already
   * go on with the old release.
   */
  install(node: ClusterNode, release: Behaviours): void {
    const surroundings = this.surroundingsOf(release);
    this.machines[node.index]!.install(surroundings);
    this.#starts.restart(node, surroundings);
  }

  /** What processes of a release need. */
  surroundingsOf(release: Behaviours): ReleaseSurroundings {
    return this.#releases.of(release);
  }

  nodeLeft(node: ClusterNode, how: NodeLoss): void {
    this.#starts.stop(node);
    if (how === "killed") {
      for (const worker of this.#workers.on(node)) this.#vanish(worker);
      return;
    }
    this.datastore.deleteNode(node.name);
    this.#starts.forget(node);
    for (const worker of this.#podObjects.on(node)) this.#forgetObject(worker);
  }

  addPod(pod: PodRef): void {
    const { index } = pod.node;
    const machine = this.machines[index]!;
    const witness = this.options.witnessOf?.(pod) ?? null;
    const worker = new KubeletPod(pod, machine, this, witness);
    this.#podObjects.set(worker);
    this.#arrive(worker);
    worker.start();
  }

  #arrive(worker: KubeletPod): void {
    this.#workers.add(worker);
    this.ledger.podCame(worker.pod.node.index);
    this.#podChanged(worker);
  }

  #podChanged({ key }: KubeletPod): void {
    this.podWatch?.podChanged(key);
  }

  /** What others have been allocated is in nobody's use here: garbage collection may free it. */
  takeOver(): void {
    this.#releases.takeOverClock();
  }

  adoptPod(pod: PodRef, { identity, handle, addresses, blocks }: InitialAddresses): void {
    const machine = this.machines[pod.node.index]!;
    const worker = new KubeletPod(pod, machine, this, null, identity);
    const { windows } = machine.settings;
    const node = pod.node.name;
    const { name, namespace } = identity;
    worker.adopt(requestOfHandle(handle, { pod: name, namespace, node, windows }), handle);
    worker.isHandleLive = true;
    this.#podObjects.add(worker);
    const taken = addresses.map((address, i) => {
      const block = blocks[i]!;
      return { address, prefix: block.prefix, block };
    });
    this.#holdings.adopt(worker, taken);
    this.#arrive(worker);
  }

  /** After the last `adoptPod`. A run from a state that contradicts itself is not checked. */
  beginFromInitialState(torn: ReadonlySet<string>): void {
    if (torn.size > 0) this.#holdings.beginFromTorn([...torn]);
    this.#noteState();
  }

  get contradiction(): string | null {
    return this.#holdings.contradiction;
  }

  get duplicates(): number {
    return this.#holdings.duplicates;
  }

  *podAddresses(): Generator<AddressNumber, void> {
    for (const { holding } of this.#workers) {
      for (const { address } of holding?.addresses ?? []) yield address;
    }
  }

  /** Pods that are to have a network and have none yet. */
  *startingPods(): Generator<{ namespace: string; name: string; node: string }, void> {
    for (const worker of this.#workers) {
      if (worker.isEnding || worker.holding !== null) continue;
      const { identity, pod } = worker;
      yield { namespace: identity.namespace, name: identity.name, node: pod.node.name };
    }
  }

  removePod(pod: PodRef): void {
    this.#workers.of(pod)?.remove();
  }

  dropPod(pod: PodRef): void {
    const worker = this.#workers.of(pod);
    if (worker === undefined) return;
    this.#vanish(worker);
    this.#forgetObject(worker);
  }

  createSandbox(worker: KubeletPod): CniRequest {
    const { pod, machine } = worker;
    const { ipv4, ipv6 } = this.options.wants;
    const request: CniRequest = ordinaryRequest({
      containerId: `sandbox-${++this.#sandboxes}`,
      pod: pod.name,
      namespace: pod.namespace,
      node: pod.node.name,
      wantsIpv4: ipv4,
      wantsIpv6: ipv6,
      windows: machine.settings.windows,
    });
    worker.isHandleLive = true;
    this.network.addsStarted++;
    return request;
  }

  addEnded(worker: KubeletPod, process: PluginProcess, result: CniAddResult | "killed"): void {
    const isFine = result !== "killed" && result.error === null;
    this.network.noteAdd(process, worker.attemptStartedUs, isFine);
    this.measures.assignCalls.record(process.calls);
    if (isFine) this.#connected(worker, result.addresses);
    else this.#addFailed(worker, result === "killed" ? null : result.error!);
    this.#afterCommand();
    if (isFine) this.events.podReady(worker.pod);
  }

  #connected(worker: KubeletPod, taken: readonly CniAddress[]): void {
    const { kernel, measures, network } = this;
    const { pod } = worker;
    measures.borrowedEver += this.#holdings.add(worker, taken, kernel.nowUs);
    this.#podChanged(worker);
    measures.assigned++;
    network.addsSucceeded++;
    network.ready.record(kernel.nowUs - pod.intendedUs);
    network.retries.record(worker.attemptStartedUs - pod.intendedUs);
    network.attempts.record(worker.attempts);
  }

  /** @param error Calico's text; null when the runtime killed the plugin. */
  #addFailed(worker: KubeletPod, error: string | null): void {
    const { pod } = worker;
    const reason = error ?? "killed by the runtime: context deadline exceeded";
    const text = error === null ? SANDBOX_LIMIT_TEXT : failedSandboxText(SANDBOX, error);
    this.network.noteText(text);
    this.network.addsFailed++;
    if (error === null) this.network.addsKilled++;
    this.measures.assignFailed++;
    if (!reason.includes("deadline")) this.ledger.needyNodes.add(pod.node.index);
    this.measures.noteFailure(reason, this.kernel.nowUs, pod.name, pod.node.name);
    this.events.podFailed(pod, reason, false);
  }

  teardownStarted(worker: KubeletPod): void {
    if (this.#holdings.delete(worker, this.kernel.nowUs)) this.#podChanged(worker);
  }

  delEnded(
    worker: KubeletPod,
    process: PluginProcess,
    error: string | null,
    isLast: boolean,
  ): void {
    this.network.noteDel(process, error === null);
    this.measures.releaseCalls.record(process.calls);
    if (error === null) this.measures.released++;
    else this.network.noteText(failedTeardownText(SANDBOX, error));
    if (isLast) this.#abandon(worker);
    this.#afterCommand();
  }

  gone(worker: KubeletPod): void {
    this.#leave(worker);
    this.#forgetObject(worker);
    this.events.podGone(worker.pod);
  }

  #vanish(worker: KubeletPod): void {
    if (worker.isAdding) this.network.addsLost++;
    worker.drop();
    this.#abandon(worker);
    this.teardownStarted(worker);
    this.#leave(worker);
  }

  /** Nobody will release what the worker's last sandbox still holds. */
  #abandon(worker: KubeletPod): void {
    worker.isHandleLive = false;
    this.leakAges.noteAbandoned(worker.handle, this.kernel.nowUs);
  }

  #leave(worker: KubeletPod): void {
    this.#workers.delete(worker);
    this.ledger.podWent(worker.pod.node.index);
  }

  #forgetObject(worker: KubeletPod): void {
    if (!this.#podObjects.delete(worker)) return;
    this.podWatch?.podDeleted(worker.key, worker.pod.node.name);
  }

  #noteState(): void {
    const { measures, kernel, datastore } = this;
    const { addressCount, borrowed } = this.#holdings;
    measures.noteState(kernel.nowUs, addressCount, datastore.blockCount, borrowed);
  }

  #afterCommand(): void {
    this.#noteState();
    this.#noteTime();
    this.#operations++;
    if (this.#operations >= this.#nextCheck) {
      this.check();
      this.#nextCheck = this.#operations + Math.max(CHECK_EVERY, 256 * this.datastore.blockCount);
    }
  }

  /** Figures over time are brought up to date when a command ends, so that no clock of their own runs. */
  #noteTime(): void {
    const { nowUs } = this.kernel;
    if (nowUs - this.#secondUs >= SECOND_US) {
      const requests = this.options.server.requests;
      const seconds = Math.floor((nowUs - this.#secondUs) / SECOND_US);
      this.network.requestRate.record(
        nowUs,
        Math.round((requests - this.#requestsBefore) / seconds),
      );
      this.#requestsBefore = requests;
      this.#secondUs += seconds * SECOND_US;
      this.network.podsWithoutNetwork.record(nowUs, this.podsWithoutNetwork);
    }
    if (nowUs >= this.#nextLeakCountUs) this.countLeaks();
  }

  /** What is allocated for nobody now. */
  leakedNow(): LeakCount {
    return countLeaks(this.datastore, this.#liveHandles());
  }

  /** The same, handle by handle. */
  leaksByHandle(): ReadonlyMap<string, HandleLeak> {
    return leaksByHandle(this.datastore, this.#liveHandles());
  }

  /** Handles that somebody will still release; whatever others hold has leaked. */
  #liveHandles(): ReadonlySet<string> {
    const handles = new Set(this.#starts.ownHandles);
    for (const worker of this.#workers) if (worker.isHandleLive) handles.add(worker.handle);
    return handles;
  }

  /** Counts what is allocated for nobody, and notes it. */
  countLeaks(): void {
    const { nowUs } = this.kernel;
    const { addresses, handles } = this.leakedNow();
    this.measures.leakedAddresses = addresses;
    this.network.leakedAddresses.record(nowUs, addresses);
    this.network.leakedHandles.record(nowUs, handles);
    this.#nextLeakCountUs = nowUs + Math.max(LEAK_COUNT_US, 4000 * this.datastore.handleCount);
  }

  /** Checks the whole state; to be called at the end as well. */
  check(): void {
    if (this.contradiction !== null) return;
    checkBlocks(this.datastore);
    this.#holdings.check(this.#workers);
  }
}
