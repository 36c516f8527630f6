/** How large a generated cluster is. */
export interface LargeClusterSize {
  readonly blocks: number;
  /** Each has a handle and one address. */
  readonly pods: number;
  readonly nodes: number;
}

const BLOCK_SIZE = 64;

function blockCidr(index: number): string {
  return `10.${index >> 10}.${(index >> 2) & 255}.${(index & 3) * BLOCK_SIZE}/26`;
}

function address(index: number, ordinal: number): string {
  return `10.${index >> 10}.${(index >> 2) & 255}.${(index & 3) * BLOCK_SIZE + ordinal}`;
}

function metadata(name: string, kind: string, namespace?: string): object {
  return {
    annotations: { "projectcalico.org/metadata": '{"creationTimestamp":null}' },
    creationTimestamp: "2026-01-05T10:00:00Z",
    generation: 7,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    resourceVersion: "35030408",
    uid: `5190df99-1528-4dfe-9585-${kind.length}`,
  };
}

/** A pod of a Deployment as the API server returns it: about 3 kB. */
function pod(index: number, node: string, ip: string): object {
  const condition = (type: string) => ({
    lastProbeTime: null,
    lastTransitionTime: "2026-01-05T10:00:03Z",
    status: "True",
    type,
  });
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...metadata(
        `shop-7c9f6d5b8-${index.toString(36).padStart(6, "0")}`,
        "Pod",
        `team-${index % 40}`,
      ),
      labels: { app: "shop", "pod-template-hash": "7c9f6d5b8", tier: "web" },
      ownerReferences: [
        {
          apiVersion: "apps/v1",
          blockOwnerDeletion: true,
          controller: true,
          kind: "ReplicaSet",
          name: "shop-7c9f6d5b8",
          uid: "84f4b1d2-1111-4222-8333-444455556666",
        },
      ],
    },
    spec: {
      containers: [
        {
          name: "web",
          image: "registry.example.org/shop/web:1.24.3",
          env: Array.from({ length: 6 }, (_, i) => ({ name: `SETTING_${i}`, value: `value-${i}` })),
          resources: { limits: { cpu: "500m", memory: "512Mi" }, requests: { cpu: "100m" } },
          volumeMounts: [{ mountPath: "/var/run/secrets/kubernetes.io/serviceaccount", name: "t" }],
        },
      ],
      dnsPolicy: "ClusterFirst",
      nodeName: node,
      restartPolicy: "Always",
      schedulerName: "default-scheduler",
      serviceAccountName: "default",
      terminationGracePeriodSeconds: 30,
      tolerations: [
        { effect: "NoExecute", key: "node.kubernetes.io/not-ready", operator: "Exists" },
      ],
    },
    status: {
      conditions: ["Initialized", "Ready", "ContainersReady", "PodScheduled"].map(condition),
      hostIP: "192.168.0.1",
      phase: "Running",
      podIP: ip,
      podIPs: [{ ip }],
      startTime: "2026-01-05T10:00:00Z",
    },
  };
}

function* objects({ blocks, pods, nodes }: LargeClusterSize): Generator<object> {
  const group = "crd.projectcalico.org/v1";
  const spec = { cidr: "10.0.0.0/8", blockSize: 26, ipipMode: "Always", natOutgoing: true };
  yield { apiVersion: group, kind: "IPPool", metadata: metadata("pool", "IPPool"), spec };
  const nodeOf = (block: number) => `node-${String(block % nodes).padStart(5, "0")}`;
  for (let i = 0; i < nodes; i++) {
    yield { apiVersion: "v1", kind: "Node", metadata: metadata(nodeOf(i), "Node"), spec: {} };
  }
  const handleOf = (index: number) => `k8s-pod-network.${index.toString(16).padStart(64, "0")}`;
  for (let block = 0; block < blocks; block++) {
    const first = Math.floor((block * pods) / blocks);
    const used = Math.floor(((block + 1) * pods) / blocks) - first;
    const cidr = blockCidr(block);
    const node = nodeOf(block);
    const name = cidr.replace(/[./]/g, "-");
    const numbers = Array.from({ length: used }, (_, i): [string, number] => [
      String(i),
      1_795_474_895_205_000 + i,
    ]);
    yield {
      apiVersion: group,
      kind: "IPAMBlock",
      metadata: metadata(name, "IPAMBlock"),
      spec: {
        affinity: `host:${node}`,
        allocations: Array.from({ length: BLOCK_SIZE }, (_, i) => (i < used ? i : null)),
        attributes: Array.from({ length: used }, (_, i) => ({
          handle_id: handleOf(first + i),
          secondary: {
            namespace: `team-${(first + i) % 40}`,
            node,
            pod: `shop-7c9f6d5b8-${(first + i).toString(36).padStart(6, "0")}`,
            timestamp: "2026-01-05 10:00:00.123456789 +0000 UTC",
          },
        })),
        cidr,
        deleted: false,
        sequenceNumber: 1_795_474_895_205_064,
        sequenceNumberForAllocation: Object.fromEntries(numbers),
        strictAffinity: false,
        unallocated: Array.from({ length: BLOCK_SIZE - used }, (_, i) => used + i),
      },
    };
    const affinity = { cidr, deleted: "false", node, state: "confirmed" };
    yield {
      apiVersion: group,
      kind: "BlockAffinity",
      metadata: metadata(`${node}-${name}`, "BlockAffinity"),
      spec: affinity,
    };
    for (let i = 0; i < used; i++) {
      const handleID = handleOf(first + i);
      yield {
        apiVersion: group,
        kind: "IPAMHandle",
        metadata: metadata(handleID, "IPAMHandle"),
        spec: { block: { [cidr]: 1 }, deleted: false, handleID },
      };
      yield pod(first + i, node, address(block, i));
    }
  }
}

/** A dump of a large sound cluster, as `kubectl get -o json` prints it, piece by piece. */
export function* largeClusterText(size: LargeClusterSize): Generator<string> {
  yield '{\n    "apiVersion": "v1",\n    "items": [\n';
  let separator = "";
  for (const object of objects(size)) {
    yield separator + JSON.stringify(object, null, 4);
    separator = ",\n";
  }
  yield '\n    ],\n    "kind": "List",\n    "metadata": { "resourceVersion": "" }\n}\n';
}
