import type { Behaviours } from "../releases/behaviours.js";

/** A token bucket that starts full: `burst` requests at once, then so many a second. */
export interface ClientLimit {
  readonly perSecond: number;
  readonly burst: number;
}

/** Limits of kube-controllers' two clients. */
export interface CollectorClientLimits {
  /** Calico client: every call of the datastore; custom resources and nodes have a bucket each. */
  readonly calico: ClientLimit;
  /** Kubernetes client: pods that are asked for. */
  readonly kubernetes: ClientLimit;
}

/**
 * How many requests the collector may send (`kube-controllers/pkg/config/runconfig.go@v3.28.4` and
 * `@v3.31.0`; the burst of Calico's client is fixed in `libcalico-go/lib/backend/k8s/client.go`).
 */
export function collectorClientLimits(release: Behaviours): CollectorClientLimits {
  if (release.gcClientLimits === "5/s and 5/s") {
    return { calico: { perSecond: 5, burst: 100 }, kubernetes: { perSecond: 5, burst: 10 } };
  }
  return { calico: { perSecond: 500, burst: 100 }, kubernetes: { perSecond: 100, burst: 200 } };
}
