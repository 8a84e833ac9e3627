import { finalizers } from '../../api/names.ts';
import { keyOf } from '../../api/object-meta.ts';
import { resources } from '../../api/resources.ts';
import type { Violation } from '../checks.ts';
import { covers, ensure, unlessThere } from '../objects.ts';
import type { SharedMake, Turn } from '../pod-template.ts';
import { core } from '../runtime/core-resources.ts';
import { keyIn, type World } from '../world.ts';
import { cstorVolume, cstorVolumeReplica, targetService, type VolumeWish } from './manifests.ts';
import { beginChange, finishChange, isNeeded } from './members/apply.ts';
import type { Action, Observed } from './plan.ts';
import { createReplica } from './replica.ts';
import { applyTarget, deleteTarget } from './target.ts';

/** Answers why a pool refused, in words for a condition; other failures are thrown and tried again. */
export async function apply(
  world: World,
  volume: VolumeWish,
  observed: Observed,
  turn: Turn<SharedMake>,
  action: Action,
): Promise<Violation | undefined> {
  const { client, informers, settings } = world;
  const { config, wish } = volume;
  const key = keyIn(settings, wish.name);
  switch (action.do) {
    case 'addFinalizer':
      await client.addFinalizer(resources.cstorVolumeConfig, config, finalizers.volumeConfig);
      return undefined;
    case 'removeFinalizer':
      await client.removeFinalizer(resources.cstorVolumeConfig, config, finalizers.volumeConfig);
      return undefined;
    case 'applyService':
      await ensure(client, core.services, targetService(volume), informers.services.store.get(key));
      return undefined;
    case 'place':
      await place(world, volume, action.pools);
      return undefined;
    case 'applyVolume':
      await applyVolume(world, volume, observed.serviceIp ?? '');
      return undefined;
    case 'createReplicaObject':
      await unlessThere(
        client.create(
          resources.cstorVolumeReplica,
          cstorVolumeReplica(volume, action.pool, action.replicaId, observed.serviceIp ?? ''),
        ),
      );
      return undefined;
    case 'createReplica':
      return await createReplica(world, volume, action.pool, action.replicaId);
    case 'applyTarget':
      await applyTarget(world, volume, observed, turn);
      return undefined;
    case 'deleteTarget':
      await deleteTarget(world, wish.name);
      return undefined;
    case 'deleteReplicaObject':
      if (!observed.deleting && (await isNeeded(world, observed, action.name))) return undefined;
      await client.delete(resources.cstorVolumeReplica, keyIn(settings, action.name));
      return undefined;
    case 'beginChange':
      return await beginChange(world, volume, action);
    case 'finishChange':
      await finishChange(world, volume, action);
      return undefined;
    case 'deleteVolume':
      await client.delete(resources.cstorVolume, key);
      return undefined;
  }
}

/** The decision stands in the API, on the revision that it was made for, before anything follows from it. */
async function place(
  { client }: World,
  { config, policy }: VolumeWish,
  pools: readonly string[],
): Promise<void> {
  const replicaPoolInfo = pools.map((poolName) => ({ poolName }));
  await client.patch(resources.cstorVolumeConfig, keyOf(config), {
    metadata: { resourceVersion: config.metadata.resourceVersion },
    spec: { policy: { ...policy, replicaPoolInfo } },
  });
}

/** Creates the record of the volume, or mends all of it but the replicas' GUIDs. */
async function applyVolume(
  { client, informers }: World,
  volume: VolumeWish,
  serviceIp: string,
): Promise<void> {
  const wanted = cstorVolume(volume, serviceIp);
  const present = informers.volumes.store.get(keyOf(wanted));
  if (present === undefined) await unlessThere(client.create(resources.cstorVolume, wanted));
  else if (!covers(present.spec, { targetIP: wanted.spec.targetIP, targetPortal: wanted.spec.targetPortal }))
    await client.patch(resources.cstorVolume, keyOf(wanted), {
      spec: { targetIP: wanted.spec.targetIP, targetPortal: wanted.spec.targetPortal },
    });
}
