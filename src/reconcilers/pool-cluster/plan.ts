/**
 * From a cluster of pools to claims and instances, one pool per node.
 *
 * Every name follows from what is already there (a claim from its device's uid, an instance from the uids of its
 * claims), so whoever is killed between two steps finds its own work again instead of making it twice. An instance
 * that was removed and added back has new claims, hence a new name: nothing can mistake it for its predecessor.
 */
import { createHash } from 'node:crypto';
import type { Device } from '../block-device-claim/inventory.ts';
import type { Violation } from '../checks.ts';
import { sameJson } from '../status.ts';
import { nodesOf } from './checks.ts';
import {
  devicesOfInstance,
  type Cluster,
  type Instance,
  type Node,
  type PoolConfigSpec,
  type PoolEntry,
} from './inventory.ts';
import { shapeChange } from './shape.ts';

export interface Claim {
  readonly name: string;
  readonly uid: string;
  readonly device: string;
  readonly bound: boolean;
  readonly deleting: boolean;
  /** It carries the cluster's finalizer: the device may be in use. */
  readonly clusterFinalizer: boolean;
  /** The device in whose place this one is being filled; undefined: none, or that is done. */
  readonly predecessor: string | undefined;
  /** The instance whose pool it is a log device of, and leaves; undefined: none, or it has left. */
  readonly leaving: string | undefined;
}

export interface Observed {
  /** Undefined: gone, and what is left of it has to go too. */
  readonly cluster: Cluster | undefined;
  readonly nodes: readonly Node[];
  readonly devices: ReadonlyMap<string, Device>;
  readonly claims: readonly Claim[];
  readonly instances: readonly Instance[];
}

export type Action =
  | { readonly do: 'addFinalizer' }
  | {
      readonly do: 'createClaim';
      readonly name: string;
      readonly device: Device;
      readonly predecessor: string | undefined;
    }
  /** Before the instance is told, or the old device would look unused. */
  | { readonly do: 'setPredecessor'; readonly name: string; readonly predecessor: string }
  /** The same of a log device that the pool has to let go of. */
  | { readonly do: 'setLeaving'; readonly name: string; readonly instance: string }
  /** Named again, by the instance too: before that the mark is all that keeps the device. */
  | { readonly do: 'clearLeaving'; readonly name: string }
  | { readonly do: 'createInstance'; readonly name: string; readonly node: Node; readonly pool: PoolEntry }
  | {
      readonly do: 'updateInstance';
      readonly name: string;
      readonly node: Node;
      readonly pool: PoolEntry;
    }
  | { readonly do: 'deleteInstance'; readonly name: string }
  | { readonly do: 'releaseClaim'; readonly name: string }
  | { readonly do: 'removeInstanceFinalizer'; readonly name: string }
  | { readonly do: 'removeFinalizer' };

export interface Plan {
  readonly actions: readonly Action[];
  /** What is waited for, or refused without being wrong in itself. */
  readonly notes: readonly Violation[];
}

export const clusterFinalizer = 'cstorpoolcluster.openebs.io/finalizer';
export const claimNameOf = (device: Device): string => `bdc-cstor-${device.uid}`;

/** `violations` are those of poolClusterChecks: with any of them nothing is created, changed or removed. */
export function plan(observed: Observed, violations: readonly Violation[]): Plan {
  const cleanup = observed.instances.flatMap((instance) => cleanUp(instance, observed.claims));
  const { cluster } = observed;
  if (cluster === undefined || cluster.deleting) return withCleanup(cleanup, remove(observed));
  if (!cluster.finalizers.includes(clusterFinalizer)) return { actions: [{ do: 'addFinalizer' }], notes: [] };
  if (violations.length > 0) return { actions: cleanup, notes: [] };
  return withCleanup(
    [...cleanup, ...releaseUnused(cluster, observed)],
    merge([scaleDown(cluster, observed), ...cluster.pools.map((pool) => entry(pool, cluster, observed))]),
  );
}

/**
 * Claims of devices that nobody has or wants: of one that was replaced, or was named for a moment. As long as a device
 * is being filled in the place of another one, its claim says so, and the other one stays; so does a log device that a
 * pool has not let go of.
 */
function releaseUnused(cluster: Cluster, { claims, instances }: Observed): readonly Action[] {
  const used = new Set([
    ...cluster.pools.flatMap(devicesOfInstance),
    ...instances.flatMap(devicesOfInstance),
    ...claims.flatMap(({ predecessor }) => predecessor ?? []),
    ...claims
      .filter(({ leaving }) => instances.some(({ name }) => name === leaving))
      .map(({ device }) => device),
  ]);
  return claims
    .filter(({ device, clusterFinalizer, deleting }) => !used.has(device) && (clusterFinalizer || !deleting))
    .map(({ name }) => ({ do: 'releaseClaim', name }));
}

const merge = (plans: readonly Plan[]): Plan => ({
  actions: plans.flatMap((each) => each.actions),
  notes: plans.flatMap((each) => each.notes),
});
const withCleanup = (actions: readonly Action[], rest: Plan): Plan => merge([{ actions, notes: [] }, rest]);

/** Which instance serves which entry: the one with a device of it, else the one on its node. */
export function instancesByEntry(
  pools: readonly PoolEntry[],
  instances: readonly Instance[],
): ReadonlyMap<PoolEntry, Instance> {
  const found = new Map<PoolEntry, Instance>();
  const taken = new Set<Instance>();
  const match = (fits: (pool: PoolEntry, instance: Instance) => boolean) => {
    for (const pool of pools) {
      if (found.has(pool)) continue;
      const instance = instances.find((each) => !each.deleting && !taken.has(each) && fits(pool, each));
      if (instance === undefined) continue;
      found.set(pool, instance);
      taken.add(instance);
    }
  };
  match((pool, instance) =>
    devicesOfInstance(pool).some((device) => devicesOfInstance(instance).includes(device)),
  );
  match((pool, instance) => sameSelector(pool.nodeSelector, instance.nodeSelector));
  return found;
}

const sorted = (value: Readonly<Record<string, string>>) =>
  JSON.stringify(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
const sameSelector = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>) =>
  sorted(a) === sorted(b);

function entry(pool: PoolEntry, cluster: Cluster, observed: Observed): Plan {
  const instance = instancesByEntry(cluster.pools, observed.instances).get(pool);
  const node = nodesOf(pool, observed.nodes)[0];
  if (node === undefined) return { actions: [], notes: [] }; // its instance is served while its node is away
  if (instance === undefined) return provision(pool, node, cluster, observed);
  const stay = observed.claims.filter(
    ({ device, leaving }) => leaving === instance.name && devicesOfInstance(pool).includes(device),
  );
  if (inStep(instance, pool))
    return { actions: stay.map(({ name }) => ({ do: 'clearLeaving', name })), notes: [] };
  const present = devicesOfInstance(instance);
  const { replacements } = shapeChange(pool.raidType, instance.groups, pool.groups, '');
  const predecessors = new Map(replacements.map(({ old, next }) => [next, old]));
  const added = devicesOfInstance(pool).filter((device) => !present.includes(device));
  const claimed = claimAll(pool, added, predecessors, observed);
  if ('actions' in claimed) return claimed;
  const unmarked = leavingClaims(instance, pool, observed).filter(({ leaving }) => leaving !== instance.name);
  if (unmarked.length > 0)
    return {
      actions: unmarked.map(({ name }) => ({ do: 'setLeaving', name, instance: instance.name })),
      notes: [],
    };
  return { actions: [{ do: 'updateInstance', name: instance.name, node, pool }], notes: [] };
}

/** Of log devices that the instance has and its entry does not name any more. */
function leavingClaims(instance: Instance, pool: PoolEntry, { claims }: Observed): readonly Claim[] {
  const gone = instance.writeCacheGroups.flat().filter((name) => !devicesOfInstance(pool).includes(name));
  return claims.filter(({ device }) => gone.includes(device));
}

const inStep = (instance: Instance, pool: PoolEntry): boolean =>
  sameSelector(instance.nodeSelector, pool.nodeSelector) &&
  sameConfig(instance.config, pool.config) &&
  sameJson(instance.groups, pool.groups) &&
  sameJson(instance.writeCacheGroups, pool.writeCacheGroups);
const sameConfig = (a: PoolConfigSpec, b: PoolConfigSpec): boolean => sameJson(a, b);

const wait = (reason: string, message: string): Plan => ({ actions: [], notes: [{ reason, message }] });

/** The bound claims of the devices, or what has to happen first. `predecessors`: old device by new one. */
function claimAll(
  pool: PoolEntry,
  names: readonly string[],
  predecessors: ReadonlyMap<string, string>,
  observed: Observed,
): Plan | readonly Claim[] {
  const devices = names.flatMap((name) => observed.devices.get(name) ?? []);
  const claims = new Map(observed.claims.map((claim) => [claim.name, claim]));
  const missing = devices.filter((device) => !claims.has(claimNameOf(device)));
  if (missing.length > 0)
    return {
      actions: missing.map((device) => ({
        do: 'createClaim',
        name: claimNameOf(device),
        device,
        predecessor: predecessors.get(device.name),
      })),
      notes: [],
    };
  const own = devices.flatMap((device) => claims.get(claimNameOf(device)) ?? []);
  const doomed = own.filter((claim) => claim.deleting && claim.clusterFinalizer && isFree(claim, observed));
  if (doomed.length > 0)
    return { actions: doomed.map(({ name }) => ({ do: 'releaseClaim', name })), notes: [] };
  const unnamed = own.flatMap(({ name, device, predecessor }) => {
    const wanted = predecessors.get(device);
    return wanted === undefined || wanted === predecessor
      ? []
      : [{ do: 'setPredecessor', name, predecessor: wanted } as const];
  });
  if (unnamed.length > 0) return { actions: unnamed, notes: [] };
  const pending = own.filter((claim) => !claim.bound || claim.deleting);
  if (pending.length > 0)
    return wait(
      'ClaimsPending',
      `spec.pools[${pool.index}]: waits for ${pending.map((claim) => `BlockDeviceClaim ${claim.name} (device ${claim.device})`).join(', ')} to be bound`,
    );
  return own;
}

/** No pool has its device or is about to: a claim that was deleted then goes, and is made again. */
const isFree = ({ device }: Claim, { claims, instances }: Observed): boolean =>
  !instances.some((instance) => devicesOfInstance(instance).includes(device)) &&
  !claims.some(({ predecessor }) => predecessor === device);

/** Claims first; the instance once all of them are bound. */
function provision(pool: PoolEntry, node: Node, cluster: Cluster, observed: Observed): Plan {
  const wanted = devicesOfInstance(pool);
  const leaving = observed.instances.find(
    (instance) => instance.deleting && devicesOfInstance(instance).some((device) => wanted.includes(device)),
  );
  if (leaving !== undefined)
    return wait(
      'InstanceLeaving',
      `spec.pools[${pool.index}]: waits until pool ${leaving.name} has left its devices`,
    );
  const claimed = claimAll(pool, wanted, new Map(), observed);
  if ('actions' in claimed) return claimed;
  const name = instanceName(cluster, claimed, observed.instances);
  return { actions: [{ do: 'createInstance', name, node, pool }], notes: [] };
}

/** `<cluster>-<4 characters>`: same claims, same name. */
export function instanceName(
  cluster: { readonly name: string; readonly uid: string },
  claims: readonly { readonly uid: string }[],
  instances: readonly { readonly name: string }[],
): string {
  const seed = [cluster.uid, ...claims.map((claim) => claim.uid).toSorted()].join('/');
  const taken = new Set(instances.map((instance) => instance.name));
  for (let attempt = 0; ; attempt++) {
    const digest = createHash('sha256').update(`${seed}#${attempt}`).digest();
    const suffix = [...digest.subarray(0, 4)]
      .map((byte) => suffixAlphabet[byte % suffixAlphabet.length])
      .join('');
    const name = `${cluster.name}-${suffix}`;
    if (!taken.has(name)) return name;
  }
}
/** Without vowels and look-alikes: no words, no confusion. 27 characters. */
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

function scaleDown(cluster: Cluster, observed: Observed): Plan {
  const kept = new Set(instancesByEntry(cluster.pools, observed.instances).values());
  const surplus = observed.instances.filter((instance) => !instance.deleting && !kept.has(instance));
  return merge(surplus.map((instance) => removeInstance(instance, 'spec.pools no longer lists')));
}

function removeInstance(instance: Instance, why: string): Plan {
  if (instance.replicas === 0) return { actions: [{ do: 'deleteInstance', name: instance.name }], notes: [] };
  return {
    actions: [],
    notes: [
      {
        reason: 'ReplicasExist',
        message: `${why} pool ${instance.name}, which holds ${instance.replicas} volume replicas: it stays until they are deleted or moved (kubectl get cvr -l cstorpoolinstance.openebs.io/name=${instance.name}), or list it again`,
      },
    ],
  };
}

/** The cluster is being deleted or gone: instances, then claims, then the finalizer. */
function remove({ cluster, instances, claims }: Observed): Plan {
  if (instances.length > 0)
    return merge(
      instances
        .filter((instance) => !instance.deleting)
        .map((instance) => removeInstance(instance, 'the cluster is being deleted and has')),
    );
  const held = claims.filter((claim) => claim.clusterFinalizer || !claim.deleting);
  if (held.length > 0) return { actions: held.map(({ name }) => ({ do: 'releaseClaim', name })), notes: [] };
  return {
    actions: cluster?.finalizers.includes(clusterFinalizer) === true ? [{ do: 'removeFinalizer' }] : [],
    notes: [],
  };
}

/** An instance whose pool is destroyed gives its devices back, and then may go. */
function cleanUp(instance: Instance, claims: readonly Claim[]): readonly Action[] {
  if (!instance.deleting || instance.poolProtected || !instance.clusterFinalizer) return [];
  const devices = devicesOfInstance(instance);
  const held = claims.filter(
    (claim) => devices.includes(claim.device) && (claim.clusterFinalizer || !claim.deleting),
  );
  return held.length > 0
    ? held.map(({ name }) => ({ do: 'releaseClaim', name }))
    : [{ do: 'removeInstanceFinalizer', name: instance.name }];
}
