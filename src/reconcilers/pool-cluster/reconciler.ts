import { findCondition } from '../../api/conditions.ts';
import type { CStorPoolCluster } from '../../api/kinds/cstorpoolcluster.ts';
import { labels } from '../../api/names.ts';
import { keyOf, type ObjectKey } from '../../api/object-meta.ts';
import { resources } from '../../api/resources.ts';
import { violationsOf, type Violation } from '../checks.ts';
import { done, watchMapped, watchSelf, type Requeue } from '../runtime/controller.ts';
import { writeStatus } from '../objects.ts';
import { isDisabled, keyIn, type World } from '../world.ts';
import { apply } from './apply.ts';
import { poolClusterChecks } from './checks.ts';
import { clusterNameOf, observe } from './observe.ts';
import type { Observed } from './actions.ts';
import { instancesByEntry } from './entries.ts';
import { plan } from './plan.ts';
import { statusOf } from './status.ts';

async function reconcile(world: World, key: ObjectKey): Promise<Requeue> {
  const cluster = world.informers.clusters.store.get(key);
  if (cluster !== undefined && isDisabled(cluster)) return done;
  const observed = observe(world, key.name, cluster);
  const violations = judge(observed);
  const { actions, notes } = plan(observed, violations);
  for (const action of actions) await apply(world, cluster, observed, action);
  if (cluster !== undefined) await showStatus(world, cluster, observed, violations, notes);
  return done; // our own writes call us again
}

function judge({ cluster, nodes, devices, claims, instances }: Observed): readonly Violation[] {
  if (cluster === undefined || cluster.deleting) return [];
  const instanceOf = instancesByEntry(cluster.pools, instances);
  const ownClaims = new Set(claims.map((claim) => claim.name));
  const replacing = new Map(
    claims.flatMap(({ device, predecessor }) =>
      predecessor === undefined ? [] : [[device, predecessor] as const],
    ),
  );
  return violationsOf(poolClusterChecks, { cluster, nodes, devices, instanceOf, ownClaims, replacing });
}

async function showStatus(
  world: World,
  cluster: CStorPoolCluster,
  { instances, cluster: facts }: Observed,
  violations: readonly Violation[],
  notes: readonly Violation[],
): Promise<void> {
  const before = cluster.status?.conditions;
  const status = statusOf({
    generation: cluster.metadata.generation ?? 0,
    desired: facts?.pools.length ?? 0,
    instances,
    violations,
    notes,
    conditions: before,
    nowIso: world.nowIso(),
  });
  await writeStatus(world.client, resources.cstorPoolCluster, cluster, status);
  const told = findCondition(before, 'Accepted')?.message;
  if (findCondition(status.conditions, 'Accepted')?.message === told) return;
  for (const { reason, message } of [
    ...violations,
    ...notes.filter((note) => note.reason === 'ReplicasExist'),
  ])
    world.recorder.event(cluster, 'Warning', reason, message);
}

/** Turns clusters into claims and instances. Whatever a cluster names, or is named by, wakes it. */
export const poolClusterController = (world: World) => {
  const { informers, settings } = world;
  const byLabel = (object: { metadata: { labels?: Record<string, string> } }): ObjectKey[] => {
    const name = clusterNameOf(object);
    return name === undefined ? [] : [keyIn(settings, name)];
  };
  const all = () => informers.clusters.store.list(settings.namespace).map(keyOf);
  const ofInstance = (name: string | undefined): ObjectKey[] => {
    const instance = name === undefined ? undefined : informers.instances.store.get(keyIn(settings, name));
    return instance === undefined ? [] : byLabel(instance);
  };
  return {
    name: 'pool-cluster',
    watches: [
      watchSelf(informers.clusters),
      watchMapped(informers.instances, byLabel),
      // One that goes may be what another cluster's claim of the same device waits for.
      watchMapped(informers.deviceClaims, (claim) => [...byLabel(claim), ...all()]),
      watchMapped(informers.devices, all),
      watchMapped(informers.nodes, all),
      watchMapped(informers.replicas, (replica) =>
        ofInstance(replica.metadata.labels?.[labels.poolInstanceName]),
      ),
      watchMapped(informers.pods, (pod) => ofInstance(pod.metadata.labels?.[labels.cstorPoolInstance])),
    ],
    workers: 1,
    reconcile: (key: ObjectKey) => reconcile(world, key),
  };
};
