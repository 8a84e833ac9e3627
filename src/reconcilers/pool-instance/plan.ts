/**
 * What a pool needs next. Its objects (Deployment, Service, …) are applied in every pass; this decides the calls.
 *
 *   no pool ──pool-protection, then CreatePool──▶ pool ──deleted: DestroyPool──▶ no pool ──pool-protection off──▶ gone
 *
 * CreatePool is called only while the phase says that there never was a pool ('' or Pending): whatever the devices
 * look like later, a lost pool is reported and never made anew over what may be left of it. The finalizer stands before
 * the call, so an instance without it never had a pool.
 *
 * A pool that serves is brought to the groups and properties that the instance asks for, and to the size of its devices;
 * what it has is what its daemon reports, so a call that was lost is made again.
 */
import type { Violation } from '../checks.ts';
import { shapeChange, type Groups } from '../pool-cluster/shape.ts';
import type { PoolFacts, PoolReport } from './status.ts';

/** A device that is being filled in the place of another one, as its claim says. */
export interface Replacing {
  readonly claim: string;
  readonly device: string;
  readonly predecessor: string;
}

export interface Properties {
  readonly readOnlyThresholdPercent: number;
  readonly compression: string;
}

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
  readonly raidType: string;
  readonly groups: Groups;
  readonly writeCacheType: string;
  readonly writeCacheGroups: Groups;
  readonly properties: Properties;
  readonly replacing: readonly Replacing[];
}

export type Action =
  | { readonly do: 'addProtection' }
  | { readonly do: 'createPool' }
  | { readonly do: 'destroyPool'; readonly guid: string }
  | { readonly do: 'removeProtection' }
  | { readonly do: 'addGroups'; readonly data: Groups; readonly log: Groups }
  | { readonly do: 'replaceDevice'; readonly old: string; readonly next: string }
  | { readonly do: 'growDevices'; readonly bytes: number }
  | { readonly do: 'finishReplacement'; readonly replacing: Replacing }
  | { readonly do: 'setProperties'; readonly properties: Properties };

export interface Plan {
  readonly actions: readonly Action[];
  /** Why a deletion does not go on. */
  readonly waits: string | undefined;
  /** Why the pool can not become what the instance asks for. */
  readonly problem: Violation | undefined;
}

const act = (...actions: readonly Action[]): Plan => ({ actions, waits: undefined, problem: undefined });
const wait = (waits: string): Plan => ({ actions: [], waits, problem: undefined });

type Serving = PoolReport & { readonly phase: 'POOL_PHASE_ONLINE' | 'POOL_PHASE_DEGRADED' };
export const isServing = (pool: PoolReport | undefined): pool is Serving =>
  pool?.phase === 'POOL_PHASE_ONLINE' || pool?.phase === 'POOL_PHASE_DEGRADED';

/** True while no pool was ever seen on the devices. */
export const neverCreated = (phase: string): boolean => phase === '' || phase === 'Pending';

/** The devices carry another pool than the one that was there: somebody swapped disks. */
export const isReplaced = (known: string, found: string): boolean =>
  known !== '' && found !== '' && known !== found;

export function plan(instance: Instance, facts: PoolFacts): Plan {
  if (instance.deleting) return remove(instance, facts);
  if (isServing(facts.pool)) return adjust(instance, facts.pool);
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

/** What is added to the pool, and replaced in it, to make it what the instance says. */
export function changesOf(instance: Instance, pool: PoolReport) {
  const groups = (found: PoolReport['dataGroups']): Groups => found.map(({ devices }) => devices);
  const data = shapeChange(
    instance.raidType,
    groups(pool.dataGroups),
    instance.groups,
    'spec.dataRaidGroups',
  );
  const log = shapeChange(
    instance.writeCacheType,
    groups(pool.logGroups),
    instance.writeCacheGroups,
    'spec.writeCacheRaidGroups',
  );
  return { data, log };
}

function adjust(instance: Instance, pool: PoolReport): Plan {
  // A daemon of an older release does not say what its pool looks like.
  if (pool.dataGroups.length === 0 || isReplaced(instance.poolGuid, pool.guid)) return act();
  const done = instance.replacing.filter((each) => isFilled(each, pool));
  const finish = done.map((replacing) => ({ do: 'finishReplacement', replacing }) as const);
  const { data, log } = changesOf(instance, pool);
  const [problem] = [...data.violations, ...log.violations];
  if (problem !== undefined) return { actions: finish, waits: undefined, problem };
  const adds = data.additions.length + log.additions.length > 0;
  const { readOnlyThresholdPercent, compression } = instance.properties;
  const set =
    pool.properties !== null &&
    (pool.properties.readOnlyThresholdPercent !== readOnlyThresholdPercent ||
      pool.properties.compression !== compression);
  return act(
    ...finish,
    ...(instance.devicesBound
      ? [
          ...data.replacements.map((each) => ({ do: 'replaceDevice', ...each }) as const),
          ...(adds ? [{ do: 'addGroups', data: data.additions, log: log.additions } as const] : []),
        ]
      : []),
    ...(pool.growableBytes > 0 && pool.phase === 'POOL_PHASE_ONLINE'
      ? [{ do: 'growDevices', bytes: pool.growableBytes } as const]
      : []),
    ...(set ? [{ do: 'setProperties', properties: instance.properties } as const] : []),
  );
}

/** The new device has everything, and the pool does not know the old one any more. */
const isFilled = ({ device, predecessor }: Replacing, pool: PoolReport): boolean =>
  pool.devices.some(({ name, online }) => name === device && online) &&
  !pool.devices.some(({ name }) => name === predecessor) &&
  !pool.resilvers.some((resilver) => resilver.device === device);
