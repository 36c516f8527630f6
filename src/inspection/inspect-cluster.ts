import type { ClusterDump } from "../formats/cluster/cluster-dump.js";
import type { AddressCheck } from "./address-check.js";
import { addressFindings, handleFindings } from "./address-findings.js";
import {
  affinityFindings,
  consistencyFindings,
  nodeFindings,
  poolFindings,
} from "./block-findings.js";
import { findProfile, type ReleaseProfile } from "../releases/profiles.js";
import { capacityFindings } from "./capacity-findings.js";
import type { Finding, Inspection } from "./finding.js";
import { knownCauses } from "./known-causes.js";

interface Examination {
  /** What is looked for, in words. */
  readonly subject: string;
  /** Kinds without which the answer would be wrong. */
  readonly needs: readonly string[];
  readonly run: (dump: ClusterDump, check: AddressCheck) => Finding[];
}

const EXAMINATIONS: readonly Examination[] = [
  {
    subject: "addresses against pods and nodes",
    needs: ["IPAMBlock", "IPPool", "Pod", "Node"],
    run: addressFindings,
  },
  {
    subject: "handles against blocks",
    needs: ["IPAMBlock", "IPAMHandle"],
    run: (_, check) => handleFindings(check),
  },
  { subject: "blocks against pools", needs: ["IPAMBlock", "IPPool"], run: poolFindings },
  { subject: "blocks against each other", needs: ["IPAMBlock"], run: consistencyFindings },
  {
    subject: "blocks against affinities",
    needs: ["IPAMBlock", "BlockAffinity"],
    run: affinityFindings,
  },
  { subject: "blocks against nodes", needs: ["IPAMBlock", "Node"], run: nodeFindings },
  {
    subject: "room of pools",
    needs: ["IPAMBlock", "IPPool", "Node"],
    run: capacityFindings,
  },
];

/** The release that the cluster runs, if the dump tells it and it is known. */
function releaseOf({ clusterInformation }: ClusterDump): ReleaseProfile | undefined {
  return findProfile(clusterInformation?.calicoVersion ?? "");
}

/**
 * Looks through a dump for what is wrong with it, and tells how to put it right. A kind that the dump
 * does not speak of is not taken for one without objects: what depends on it is not checked.
 *
 * @param release whose known faults are told as causes; the one that the dump tells when absent.
 */
export function inspectCluster(
  dump: ClusterDump,
  check: AddressCheck,
  release: ReleaseProfile | undefined = releaseOf(dump),
): Inspection {
  const findings: Finding[] = [];
  const notChecked: string[] = [];
  for (const { subject, needs, run } of EXAMINATIONS) {
    const missing = needs.filter((kind) => !dump.kinds.has(kind));
    if (missing.length === 0) {
      for (const finding of run(dump, check)) {
        findings.push({ ...finding, knownCauses: knownCauses(finding.kind, release) });
      }
    } else notChecked.push(`${subject}: the dump has no ${missing.join(", no ")}`);
  }
  if (dump.blocks.some(({ value }) => value.affinity?.type === "virtual")) {
    notChecked.push("addresses of load balancers: services are not read");
  }
  return { findings, notChecked };
}
