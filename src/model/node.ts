/** A node as IPAM sees it: a name to claim blocks for, and labels that pools select by. */
export interface Node {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}
