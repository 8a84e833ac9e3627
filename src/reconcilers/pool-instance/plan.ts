/**
 * What a pool needs next. Its objects (Deployment, Service, …) are applied in every pass; this decides the calls.
 *
 *   no pool ──pool-protection, then CreatePool──▶ pool ──deleted: DestroyPool──▶ no pool ──pool-protection off──▶ gone
 *
 * CreatePool is called only while the phase says that there never was a pool ('' or Pending): whatever the devices
 * look like later, a lost pool is reported and never made anew over what may be left of it. The finalizer stands before
 * the call, so an instance without it never had a pool.
 */
import type { PoolFacts } from './status.ts';

export interface Instance {
  readonly name: string;
  readonly deleting: boolean;
  readonly poolProtected: boolean;
  readonly phase: string;
  /** GUID of the pool that was made or first imported; empty: none yet. */
  readonly poolGuid: string;
  /** CStorVolumeReplicas on it. */
  readonly replicas: number;
  /** All its devices are bound to this cluster's claims. */
  readonly devicesBound: boolean;
}

export type Action =
  | { readonly do: 'addProtection' }
  | { readonly do: 'createPool' }
  | { readonly do: 'destroyPool'; readonly guid: string }
  | { readonly do: 'removeProtection' };

export interface Plan {
  readonly actions: readonly Action[];
  /** Why a deletion does not go on. */
  readonly waits: string | undefined;
}

const act = (...actions: readonly Action[]): Plan => ({ actions, waits: undefined });
const wait = (waits: string): Plan => ({ actions: [], waits });

/** True while no pool was ever seen on the devices. */
export const neverCreated = (phase: string): boolean => phase === '' || phase === 'Pending';

/** The devices carry another pool than the one that was there: somebody swapped disks. */
export const isReplaced = (known: string, found: string): boolean =>
  known !== '' && found !== '' && known !== found;

export function plan(instance: Instance, facts: PoolFacts): Plan {
  if (instance.deleting) return remove(instance, facts);
  if (facts.pool?.phase !== 'POOL_PHASE_ABSENT') return act();
  if (!neverCreated(instance.phase) || !instance.devicesBound) return act();
  return act(...(instance.poolProtected ? [] : [{ do: 'addProtection' } as const]), { do: 'createPool' });
}

function remove(instance: Instance, { pool }: PoolFacts): Plan {
  if (!instance.poolProtected) return act();
  if (instance.replicas > 0)
    return wait(
      `${instance.replicas} volume replicas are on the pool: delete their volumes, or move them, first (kubectl get cvr -l cstorpoolinstance.openebs.io/name=${instance.name})`,
    );
  const repair = `if the node or its disks are lost, remove finalizer openebs.io/pool-protection from cspi ${instance.name}`;
  switch (pool?.phase) {
    case 'POOL_PHASE_ONLINE':
    case 'POOL_PHASE_DEGRADED':
      if (isReplaced(instance.poolGuid, pool.guid))
        return wait(
          `its devices carry pool ${pool.guid} now, which is not its own (${instance.poolGuid}) and is not destroyed; ${repair}`,
        );
      return act({ do: 'destroyPool', guid: pool.guid });
    case 'POOL_PHASE_ABSENT':
      return act({ do: 'removeProtection' });
    case 'POOL_PHASE_FAULTED':
      return wait(`the pool can not be destroyed: ${pool.reason}: ${pool.message}; ${repair}`);
    default:
      return wait(`the pool daemon does not answer, so the pool can not be destroyed; ${repair}`);
  }
}
