/**
 * Which node's initiator the target lets in (fencing). `publish.nodeId` of the CStorVolumeConfig is the wish, the
 * target's own list is the truth, and `status.publishedNodeId` follows the truth, so nobody is told of a grant that a
 * target has not taken durably.
 */
export interface Grant {
  /** publish.nodeId; empty: nobody. */
  readonly wishedNode: string;
  /** initiatorIqn(wishedNode), or undefined for nobody. */
  readonly wishedIqn: string | undefined;
  /** What the target reports; undefined: it does not answer. */
  readonly initiators: readonly string[] | undefined;
}

export interface Plan {
  /** The list that the target is to have now, if it has another one. */
  readonly setInitiators: readonly string[] | undefined;
  /** What may be shown as published; undefined: unknown, keep what is shown. */
  readonly publishedNodeId: string | undefined;
}

export function plan({ wishedNode, wishedIqn, initiators }: Grant): Plan {
  if (initiators === undefined) return { setInitiators: undefined, publishedNodeId: undefined };
  const wish = wishedIqn === undefined ? [] : [wishedIqn];
  const same = wish.length === initiators.length && wish.every((iqn) => initiators.includes(iqn));
  return same
    ? { setInitiators: undefined, publishedNodeId: wishedNode }
    : { setInitiators: wish, publishedNodeId: undefined };
}
