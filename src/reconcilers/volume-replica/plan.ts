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
  /** Of what is written to it; undefined: the pool does not say, or does not have it. */
  readonly packing: Packing | undefined;
  readonly packingWanted: Packing | undefined;
}

/** How a replica compresses what is written to it. */
export interface Packing {
  readonly compression: string;
  /** Of zstd. */
  readonly zstdLevel: number;
}

export type Action =
  | { readonly do: 'setPacking'; readonly packing: Packing }
  | { readonly do: 'deleteReplica' }
  | { readonly do: 'removeFinalizer' };

export interface Plan {
  readonly actions: readonly Action[];
  readonly waits: string | undefined;
}

export function plan(replica: ReplicaView): Plan {
  if (!replica.deleting) return keep(replica);
  if (!replica.finalizer) return { actions: [], waits: undefined };
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

/** A level counts where there is one. */
const isPackedSo = (one: Packing, other: Packing): boolean =>
  one.compression === other.compression && (one.compression !== 'zstd' || one.zstdLevel === other.zstdLevel);

function keep({ poolServes, packing, packingWanted }: ReplicaView): Plan {
  const isWell = packing === undefined || packingWanted === undefined || isPackedSo(packing, packingWanted);
  if (isWell || !poolServes) return { actions: [], waits: undefined };
  return { actions: [{ do: 'setPacking', packing: packingWanted }], waits: undefined };
}
