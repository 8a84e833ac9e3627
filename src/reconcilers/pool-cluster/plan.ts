/**
 * From a cluster of pools to claims and instances, one pool per node.
 *
 * Every name follows from what is already there (a claim from its device's uid, an instance from the uids of its
 * claims), so whoever is killed between two steps finds its own work again instead of making it twice. An instance
 * that was removed and added back has new claims, hence a new name: nothing can mistake it for its predecessor.
 */
import type { Violation } from '../checks.ts';
import { sameJson } from '../status.ts';
import { merge, wait, type Action, type Claim, type Observed, type Plan } from './actions.ts';
import { nodesOf } from './checks.ts';
import { claimAll, leavingClaims, releaseUnused } from './claims.ts';
import { instanceName, instancesByEntry, sameSelector } from './entries.ts';
import {
  devicesOfInstance,
  type Cluster,
  type Instance,
  type Node,
  type PoolConfigSpec,
  type PoolEntry,
} from './inventory.ts';
import { shapeChange } from './shape.ts';

export const clusterFinalizer = 'cstorpoolcluster.openebs.io/finalizer';

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

const withCleanup = (actions: readonly Action[], rest: Plan): Plan => merge([{ actions, notes: [] }, rest]);

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

const inStep = (instance: Instance, pool: PoolEntry): boolean =>
  sameSelector(instance.nodeSelector, pool.nodeSelector) &&
  sameConfig(instance.config, pool.config) &&
  sameJson(instance.groups, pool.groups) &&
  sameJson(instance.writeCacheGroups, pool.writeCacheGroups);
const sameConfig = (a: PoolConfigSpec, b: PoolConfigSpec): boolean => sameJson(a, b);

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
