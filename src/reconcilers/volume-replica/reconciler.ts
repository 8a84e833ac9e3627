import type { CStorVolumeReplica } from '../../api/kinds/cstorvolumereplica.ts';
import { labels } from '../../api/names.ts';
import { keyOf, type ObjectKey } from '../../api/object-meta.ts';
import { resources } from '../../api/resources.ts';
import { done, watchMapped, watchSelf, type Requeue } from '../runtime/controller.ts';
import { writeStatus } from '../objects.ts';
import { isDisabled, type World } from '../world.ts';
import { apply } from './apply.ts';
import { observe } from './observe.ts';
import { plan } from './plan.ts';
import { statusOf, type ReplicaStatus } from './status.ts';

async function reconcile(world: World, key: ObjectKey): Promise<Requeue> {
  const replica = world.informers.replicas.store.get(key);
  if (replica === undefined || isDisabled(replica)) return done;
  const observed = observe(world, replica);
  const { actions, waits } = plan(observed.view);
  for (const action of actions) await apply(world, replica, observed, action);
  if (actions.length > 0) return done;
  const shown = statusOf({ ...replica.status }, observed.facts, world.nowIso());
  const status = waits === undefined ? shown : { ...shown, message: waits };
  await writeStatus(world.client, resources.cstorVolumeReplica, replica, { ...replica.status, ...status });
  tell(world, replica, status);
  return done;
}

function tell({ recorder }: World, replica: CStorVolumeReplica, { phase, message }: ReplicaStatus): void {
  const before = replica.status?.phase ?? '';
  if (phase === before || before === '' || phase === 'Init') return;
  const well = phase === 'Healthy';
  recorder.event(
    replica,
    well ? 'Normal' : 'Warning',
    well ? 'Synced' : phase,
    `replica is ${phase}${message === '' ? '' : `: ${message}`}`,
  );
}

/** Shows how replicas are, and deletes them on their pools before their objects go. */
export const volumeReplicaController = (world: World) => {
  const { informers } = world;
  const by = (label: string, value: string | undefined): ObjectKey[] =>
    value === undefined ? [] : informers.replicas.store.byLabel(label, value).map(keyOf);
  return {
    name: 'volume-replica',
    watches: [
      watchSelf(informers.replicas),
      watchMapped(informers.instances, ({ metadata }) => by(labels.poolInstanceName, metadata.name)),
      watchMapped(informers.configs, ({ metadata }) => by(labels.persistentVolume, metadata.name)),
      watchMapped(informers.volumes, ({ metadata }) => by(labels.persistentVolume, metadata.name)),
      watchMapped(informers.deployments, ({ metadata }) =>
        by(labels.persistentVolume, metadata.labels?.[labels.persistentVolume]),
      ),
    ],
    workers: 4,
    ofPool: (pool: string) => by(labels.poolInstanceName, pool),
    ofVolume: (volume: string) => by(labels.persistentVolume, volume),
    reconcile: (key: ObjectKey) => reconcile(world, key),
  };
};
