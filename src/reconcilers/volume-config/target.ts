/** The target of a volume: keys and configuration, then the Deployment that mounts them, and a word to its pod. */
import { labels, ports } from '../../api/names.ts';
import { keyOf } from '../../api/object-meta.ts';
import type { ReplicaAddress, TargetConfig } from '../../api/target-config.ts';
import { ensure, hashOf } from '../objects.ts';
import { isNotFound } from '../runtime/api-error.ts';
import { core } from '../runtime/core-resources.ts';
import type { SharedMake, Turn } from '../pod-template.ts';
import { keyIn, type World } from '../world.ts';
import {
  targetConfig,
  targetConfigMap,
  targetDeployment,
  targetKeysName,
  targetName,
  targetSecret,
  type VolumeWish,
} from './manifests.ts';
import type { Membership } from './members/plan.ts';
import type { Observed } from './plan.ts';

/** Keys and configuration before the Deployment that mounts them; while its turn has not come that stays as it is. */
export async function applyTarget(
  world: World,
  given: VolumeWish,
  observed: Observed,
  { make, waits }: Turn<SharedMake>,
): Promise<void> {
  const { client, informers, settings, masterKey } = world;
  const volume = { ...given, settings: { ...settings, ...make } };
  const { wish } = volume;
  if (observed.volume === undefined) return;
  const { membership } = observed.volume;
  const key = keyIn(settings, targetName(wish.name));
  const before = informers.configMaps.store.get(key);
  const replicas = addresses(world, observed, membership, before?.data?.['target.json']);
  if (replicas === undefined) return; // a pool's Service is being made anew; it calls us again
  const target = {
    ...volume,
    masterKey,
    target: targetConfig(volume, observed.serviceIp ?? '', membership, replicas),
  };
  const configMap = targetConfigMap(target);
  const keysKey = keyIn(settings, targetKeysName(wish.name));
  await ensure(client, core.secrets, targetSecret(target), informers.secrets.store.get(keysKey));
  await ensure(client, core.configMaps, configMap, before);
  if (waits === undefined)
    await ensure(client, core.deployments, targetDeployment(target), informers.deployments.store.get(key));
  await tellPods(world, wish.name, hashOf(configMap.data));
}

/** Where everyone is reached who is in a record: the Service of its pool, whose address outlives pods. */
function addresses(
  { informers, settings }: World,
  { replicas }: Observed,
  { current, next, withdrawn }: Membership,
  before: string | undefined,
): Readonly<Record<string, ReplicaAddress>> | undefined {
  const members = { ...withdrawn?.members, ...next?.members, ...current.members };
  // A pool that is gone for good has no Service any more; its seat keeps the address where nobody answers.
  const known = before === undefined ? {} : (JSON.parse(before) as TargetConfig).replicas;
  const found: Record<string, ReplicaAddress> = {};
  for (const replicaId of Object.keys(members)) {
    const pool = replicas.find((each) => each.replicaId === replicaId)?.pool ?? '';
    const ip = informers.services.store.get(keyIn(settings, pool))?.spec?.clusterIP ?? '';
    const place =
      ip === ''
        ? known[replicaId]
        : { pool, replication: `${ip}:${ports.replication}`, copy: `${ip}:${ports.copy}` };
    if (place === undefined) return undefined;
    found[replicaId] = place;
  }
  return found;
}

/**
 * A kubelet looks at mounted files about once a minute, and at once when the pod changes: the annotation names what the
 * pod should have. It is a hint, the files come anyway.
 */
async function tellPods(world: World, volume: string, configHash: string): Promise<void> {
  const pods = world.informers.pods.store.byLabel(labels.persistentVolume, volume);
  for (const { metadata } of pods) {
    const told = metadata.annotations?.[toldConfigAnnotation] === configHash;
    if (told || metadata.deletionTimestamp !== undefined || metadata.namespace !== world.settings.namespace)
      continue;
    try {
      await world.client.patch(core.pods, keyOf({ metadata }), {
        metadata: { annotations: { [toldConfigAnnotation]: configHash } },
      });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
const toldConfigAnnotation = 'cstor.openebs.io/target-config';

export async function deleteTarget({ client, settings }: World, volume: string): Promise<void> {
  const key = keyIn(settings, targetName(volume));
  await client.delete(core.deployments, key, { propagation: 'Background' });
  await client.delete(core.configMaps, key);
  await client.delete(core.secrets, keyIn(settings, targetKeysName(volume)));
  await client.delete(core.services, keyIn(settings, volume));
}
