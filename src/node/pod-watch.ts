/** Is told of the pods of the Kubernetes API. */
export interface PodWatch {
  /** A pod has appeared, or its addresses have changed. */
  podChanged(namespace: string, name: string): void;
  podDeleted(namespace: string, name: string, node: string): void;
}
