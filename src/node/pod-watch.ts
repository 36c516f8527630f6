/** Is told of the pods of the Kubernetes API. */
export interface PodWatch {
  /** A pod has appeared, or its addresses have changed. */
  podChanged(podKey: string): void;
  podDeleted(podKey: string, node: string): void;
}
