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
import { logChange, shapeChange, type Groups } from '../pool-cluster/shape.ts';
import { parseScrub, unreadableScrub, type ScrubWish } from './pool-scrub.ts';
import type { PoolFacts, PoolReport } from './status.ts';

/** A device that is being filled in the place of another one, as its claim says. */
export interface Replacing {
  readonly claim: string;
  readonly device: string;
  readonly predecessor: string;
}

/** A log device that the instance does not name any more, as its claim says. */
export interface Leaving {
  readonly claim: string;
  readonly device: string;
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
  readonly leaving: readonly Leaving[];
  /** Annotation that asks for a scrub; undefined: nobody does. */
  readonly scrub: string | undefined;
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
  | { readonly do: 'removeLogDevices'; readonly devices: readonly string[] }
  | { readonly do: 'finishLeaving'; readonly leaving: Leaving }
  | { readonly do: 'setProperties'; readonly properties: Properties }
  | { readonly do: 'scrub'; readonly wish: ScrubWish };

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

/** What is added to the pool, replaced in it, and taken out of it, to make it what the instance says. */
export function changesOf(instance: Instance, pool: PoolReport) {
  const groups = (found: PoolReport['dataGroups']): Groups => found.map(({ devices }) => devices);
  const data = shapeChange(
    instance.raidType,
    groups(pool.dataGroups),
    instance.groups,
    'spec.dataRaidGroups',
  );
  const log = logChange(
    instance.writeCacheType,
    groups(pool.logGroups),
    instance.writeCacheGroups,
    'spec.writeCacheRaidGroups',
  );
  return { data, log };
}

/** What the pool has beyond the instance, and nobody has asked to take out. */
const strangerAmong = (removals: Groups, leaving: readonly Leaving[]): readonly Violation[] =>
  removals
    .flat()
    .filter((device) => !leaving.some((each) => each.device === device))
    .map((device) => ({
      reason: 'GroupRemoved',
      message: `spec.writeCacheRaidGroups lacks "${device}", which the pool has: take it out by its CStorPoolCluster, or by caskade pool remove-log`,
    }));

function adjust(instance: Instance, pool: PoolReport): Plan {
  // A daemon of an older release does not say what its pool looks like.
  if (pool.dataGroups.length === 0 || isReplaced(instance.poolGuid, pool.guid)) return act();
  const { scrub } = instance;
  const wish = scrub === undefined ? undefined : parseScrub(scrub);
  const asked = [
    ...finished(instance, pool),
    ...(wish === undefined ? [] : [{ do: 'scrub', wish } as const]),
  ];
  const { data, log } = changesOf(instance, pool);
  const strangers = strangerAmong(log.removals, instance.leaving);
  const [problem] = [...data.violations, ...log.violations, ...strangers];
  if (problem !== undefined) return { actions: asked, waits: undefined, problem };
  const adds = data.additions.length + log.additions.length > 0;
  return {
    actions: [
      ...asked,
      ...(log.removals.length > 0 ? [{ do: 'removeLogDevices', devices: log.removals.flat() } as const] : []),
      ...(instance.devicesBound
        ? [
            ...data.replacements.map((each) => ({ do: 'replaceDevice', ...each }) as const),
            ...(adds ? [{ do: 'addGroups', data: data.additions, log: log.additions } as const] : []),
          ]
        : []),
      ...(pool.growableBytes > 0 && pool.phase === 'POOL_PHASE_ONLINE'
        ? [{ do: 'growDevices', bytes: pool.growableBytes } as const]
        : []),
      ...(isOtherwise(instance.properties, pool)
        ? [{ do: 'setProperties', properties: instance.properties } as const]
        : []),
    ],
    waits: undefined,
    problem: scrub === undefined || wish !== undefined ? undefined : unreadableScrub(scrub),
  };
}

/** Replacements that are done, and log devices that the pool does not know any more. */
function finished(instance: Instance, pool: PoolReport): readonly Action[] {
  const has = pool.logGroups.flatMap(({ devices }) => devices);
  return [
    ...instance.replacing
      .filter((each) => isFilled(each, pool))
      .map((replacing) => ({ do: 'finishReplacement', replacing }) as const),
    ...instance.leaving
      .filter(({ device }) => !has.includes(device) && !instance.writeCacheGroups.flat().includes(device))
      .map((leaving) => ({ do: 'finishLeaving', leaving }) as const),
  ];
}

const isOtherwise = (wish: Properties, { properties }: PoolReport): boolean =>
  properties !== null &&
  (properties.readOnlyThresholdPercent !== wish.readOnlyThresholdPercent ||
    properties.compression !== wish.compression);

/** The new device has everything, and the pool does not know the old one any more. */
const isFilled = ({ device, predecessor }: Replacing, pool: PoolReport): boolean =>
  pool.devices.some(({ name, online }) => name === device && online) &&
  !pool.devices.some(({ name }) => name === predecessor) &&
  !pool.resilvers.some((resilver) => resilver.device === device);
