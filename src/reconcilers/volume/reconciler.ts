import type { CStorVolume } from '../../api/kinds/cstorvolume.ts';
import { labels } from '../../api/names.ts';
import { keyOf, type ObjectKey } from '../../api/object-meta.ts';
import { resources } from '../../api/resources.ts';
import { done, watchMapped, watchSelf, type Requeue } from '../runtime/controller.ts';
import { writeStatus } from '../objects.ts';
import { isDisabled, keyIn, type World } from '../world.ts';
import { setInitiators } from './apply.ts';
import { hintAgainMs, hintTarget } from './hint.ts';
import { observeGrant, observeTarget } from './observe.ts';
import { plan } from './plan.ts';
import { differType, fullType, mismatchType, statusOf, type VolumeStatus } from './status.ts';

async function reconcile(world: World, key: ObjectKey): Promise<Requeue> {
  const volume = world.informers.volumes.store.get(key);
  if (volume === undefined || volume.metadata.deletionTimestamp !== undefined) {
    world.targets.forget(key.name);
    return done;
  }
  if (isDisabled(volume)) return done;
  const hinted = await hintTarget(world, key.name);
  const facts = observeTarget(world, key.name);
  const granted = plan(observeGrant(world, volume, facts));
  const status = statusOf({
    previous: { ...volume.status },
    facts,
    publishedNodeId: granted.publishedNodeId,
    knownReplicas: volume.spec.replicaDetails?.knownReplicas ?? {},
    generation: volume.metadata.generation ?? 0,
    nowIso: world.nowIso(),
  });
  await writeStatus(world.client, resources.cstorVolume, volume, {
    ...volume.status,
    ...status,
    conditions: [...status.conditions],
    replicaStatuses: [...status.replicaStatuses],
    replicaDetails: { knownReplicas: { ...status.replicaDetails.knownReplicas } },
  });
  tell(world, volume, status);
  // Its answer is the target's next status, and that calls us again.
  if (granted.setInitiators !== undefined) await setInitiators(world, key.name, granted.setInitiators);
  return hinted ? { afterMs: hintAgainMs } : done;
}

/** One event per change of phase, named by it, as cStor's are. */
function tell({ recorder }: World, volume: CStorVolume, { phase, message, conditions }: VolumeStatus): void {
  const before = volume.status?.phase ?? '';
  if (phase !== before && before !== '')
    recorder.event(
      volume,
      phase === 'Healthy' ? 'Normal' : 'Warning',
      phase,
      `Volume is in ${phase} state${message === '' ? '' : `: ${message}`}`,
    );
  for (const type of ['UnflushedWritesLost', mismatchType, fullType, differType]) {
    const told = conditions.find((each) => each.type === type);
    const toldBefore = volume.status?.conditions?.find((each) => each.type === type)?.message;
    // That replicas have differed is worth a word even when nothing of it is left.
    const isNews = told?.status === 'True' || (type === differType && told?.message !== '');
    if (told !== undefined && isNews && told.message !== toldBefore)
      recorder.event(volume, 'Warning', type, told.message ?? '');
  }
}

/** Shows what targets say, and grants them the initiators of the nodes that volumes are published to. */
export const volumeController = (world: World) => {
  const { informers, settings } = world;
  return {
    name: 'volume',
    watches: [
      watchSelf(informers.volumes),
      watchMapped(informers.configs, (config) => [keyOf(config)]),
      watchMapped(informers.pods, ({ metadata }) => {
        const name = metadata.labels?.[labels.persistentVolume];
        return name === undefined ? [] : [keyIn(settings, name)];
      }),
    ],
    workers: 4,
    reconcile: (key: ObjectKey) => reconcile(world, key),
  };
};
