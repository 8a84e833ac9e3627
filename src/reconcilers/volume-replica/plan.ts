/**
 * A replica that is to go is deleted on its pool before its object goes. A pool that is away is waited for; a pool that
 * is gone for good took the replica with it.
 */
export interface ReplicaView {
  readonly deleting: boolean;
  readonly finalizer: boolean;
  /** The CStorPoolInstance with the uid that the replica was placed on exists. */
  readonly poolExists: boolean;
  /** Its daemon answers and has imported the pool. */
  readonly poolServes: boolean;
  /** The volume's target still exists, and may count on this replica: it would write into what is being deleted. */
  readonly needed: boolean;
}

export type Action = { readonly do: 'deleteReplica' } | { readonly do: 'removeFinalizer' };

export interface Plan {
  readonly actions: readonly Action[];
  readonly waits: string | undefined;
}

export function plan(replica: ReplicaView): Plan {
  if (!replica.deleting || !replica.finalizer) return { actions: [], waits: undefined };
  if (!replica.poolExists) return { actions: [{ do: 'removeFinalizer' }], waits: undefined };
  if (replica.needed)
    return {
      actions: [],
      waits: 'the volume needs it: take its pool out of replicaPoolInfo, or delete the volume',
    };
  if (!replica.poolServes)
    return {
      actions: [],
      waits: 'its pool is away: the replica is deleted when it is back; see kubectl get cspi',
    };
  // Deleting is idempotent, and the list may be older than a replica that was made a moment ago.
  return { actions: [{ do: 'deleteReplica' }, { do: 'removeFinalizer' }], waits: undefined };
}
