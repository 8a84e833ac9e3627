import { findCondition } from '../../api/conditions.ts';
import type { CStorPoolCluster } from '../../api/kinds/cstorpoolcluster.ts';
import type { StoragePoolClaim } from '../../api/kinds/storagepoolclaim.ts';
import { annotations, finalizers } from '../../api/names.ts';
import { keyOf, type ObjectKey } from '../../api/object-meta.ts';
import { resources } from '../../api/resources.ts';
import type { Violation } from '../checks.ts';
import { CasConfigError, parseCasConfig } from '../inventory.ts';
import { done, watchMapped, watchSelf, type Requeue } from '../runtime/controller.ts';
import { writeStatus } from '../objects.ts';
import { isDisabled, type World } from '../world.ts';
import { applyCluster } from './apply.ts';
import { clusterOfClaim, isOurs, observe, observeClaim } from './observe.ts';
import { plan } from './plan.ts';
import { statusOf } from './status.ts';

async function reconcile(world: World, key: ObjectKey): Promise<Requeue> {
  const claim = world.informers.claims.store.get(key);
  if (claim === undefined || isDisabled(claim)) return done;
  const cluster = clusterOfClaim(world, key.name);
  if (claim.metadata.deletionTimestamp !== undefined) await remove(world, claim, cluster);
  else if (claim.metadata.finalizers?.includes(finalizers.storagePoolClaim) !== true)
    await world.client.addFinalizer(resources.storagePoolClaim, claim, finalizers.storagePoolClaim);
  else {
    const { violations, notes } = await build(world, claim, cluster);
    await showStatus(world, claim, cluster, violations, notes);
  }
  return done; // our own writes call us again
}

async function remove(
  world: World,
  claim: StoragePoolClaim,
  cluster: CStorPoolCluster | undefined,
): Promise<void> {
  if (cluster === undefined || !isOurs(cluster, claim))
    await world.client.removeFinalizer(resources.storagePoolClaim, claim, finalizers.storagePoolClaim);
  else if (cluster.metadata.deletionTimestamp === undefined)
    await world.client.delete(resources.cstorPoolCluster, keyOf(cluster));
}

async function build(
  world: World,
  claim: StoragePoolClaim,
  cluster: CStorPoolCluster | undefined,
): Promise<{ readonly violations: readonly Violation[]; readonly notes: readonly Violation[] }> {
  if (cluster !== undefined && !isOurs(cluster, claim))
    return {
      violations: [
        {
          reason: 'NameTaken',
          message: `metadata.name "${claim.metadata.name}": a CStorPoolCluster of that name exists and was not made for this claim: rename the claim, or use the cluster itself`,
        },
      ],
      notes: [],
    };
  const planned = plan(observeClaim(claim), observe(world, claim));
  if (!planned.ok) return { violations: planned.violations, notes: [] };
  if (planned.wanted.pools.length === 0) return { violations: [], notes: planned.notes };
  try {
    const config = parseCasConfig(claim.metadata.annotations?.[annotations.casConfig]);
    await applyCluster(world, claim, planned.wanted, config, cluster);
  } catch (error) {
    if (!(error instanceof CasConfigError)) throw error;
    return { violations: [{ reason: 'ConfigInvalid', message: error.message }], notes: [] };
  }
  return { violations: [], notes: planned.notes };
}

async function showStatus(
  world: World,
  claim: StoragePoolClaim,
  cluster: CStorPoolCluster | undefined,
  violations: readonly Violation[],
  notes: readonly Violation[],
): Promise<void> {
  const accepted = findCondition(cluster?.status?.conditions, 'Accepted');
  const before = claim.status;
  const status = statusOf({
    generation: claim.metadata.generation ?? 0,
    violations,
    notes,
    cluster:
      cluster === undefined || !isOurs(cluster, claim)
        ? undefined
        : {
            desired: cluster.status?.desiredInstances ?? 0,
            healthy: cluster.status?.healthyInstances ?? 0,
            refusal:
              accepted?.status === 'False'
                ? { reason: accepted.reason ?? '', message: accepted.message ?? '' }
                : undefined,
          },
    wasOnline: before?.phase === 'Online' || before?.phase === 'Degraded',
    conditions: before?.conditions,
    nowIso: world.nowIso(),
  });
  await writeStatus(world.client, resources.storagePoolClaim, claim, status);
  if (status.phase === 'Error' && status.message !== before?.message)
    world.recorder.event(
      claim,
      'Warning',
      findCondition(status.conditions, 'Ready')?.reason ?? '',
      status.message,
    );
}

/** Keeps the cluster that a claim stands for. */
export const storagePoolClaimController = (world: World) => {
  const all = () => world.informers.claims.store.list().map(keyOf);
  return {
    name: 'storage-pool-claim',
    watches: [
      watchSelf(world.informers.claims),
      watchMapped(world.informers.clusters, (cluster) => [{ name: cluster.metadata.name }]),
      watchMapped(world.informers.devices, all),
    ],
    workers: 1,
    reconcile: (key: ObjectKey) => reconcile(world, key),
  };
};
