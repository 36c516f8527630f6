import { PodRequest } from "../datastore/request.js";
import { podKey, type PodLookup } from "../model/pod.js";
import type { Steps } from "../protocol/environment.js";

/** The steps with every request for a pod answered at once; the driver sees the others only. */
export function* answerPods<T>(steps: Steps<T>, lookUp: (podKey: string) => PodLookup): Steps<T> {
  let next = steps.next(undefined);
  while (!next.done) {
    const effect = next.value;
    const isPod = effect instanceof PodRequest;
    next = steps.next(isPod ? lookUp(podKey(effect.namespace, effect.name)) : yield effect);
  }
  return next.value;
}
