/** The objects of an instance's pod, and the volumes that bring it its devices. */
import { labels } from '../../api/names.ts';
import type { KubernetesObject } from '../../api/object-meta.ts';
import { ensure, unlessThere } from '../objects.ts';
import { core } from '../runtime/core-resources.ts';
import { keyIn, type World } from '../world.ts';
import { deviceClaim, deviceVolume, type DeviceMount } from './device-volumes.ts';
import {
  keysName,
  poolConfigMap,
  poolDeployment,
  poolSecret,
  poolService,
  type PoolWish,
} from './manifests.ts';

/** Configuration before the Deployment that mounts it. */
export async function applyObjects(world: World, wish: PoolWish): Promise<void> {
  const { client, informers, settings } = world;
  const key = keyIn(settings, wish.instance.metadata.name);
  const keysKey = keyIn(settings, keysName(key.name));
  await ensure(client, core.configMaps, poolConfigMap(wish), informers.configMaps.store.get(key));
  await ensure(client, core.secrets, poolSecret(wish), informers.secrets.store.get(keysKey));
  await ensure(client, core.services, poolService(wish), informers.services.store.get(key));
  await makeDeviceVolumes(world, wish);
  await ensure(client, core.deployments, poolDeployment(wish), informers.deployments.store.get(key));
}

/** Volume and claim of a device never change once they are there. */
async function makeDeviceVolumes({ client, informers, settings }: World, wish: PoolWish): Promise<void> {
  const used = new Set(wish.mounts.map(({ claim }) => claim));
  for (const mount of wish.wanted.filter(({ claim }) => used.has(claim))) {
    if (informers.persistentVolumes.store.get({ name: mount.claim }) === undefined)
      await unlessThere(client.create(core.persistentVolumes, deviceVolume(wish.instance, mount, settings)));
    const key = keyIn(settings, mount.claim);
    if (informers.persistentVolumeClaims.store.get(key) === undefined)
      await unlessThere(
        client.create(core.persistentVolumeClaims, deviceClaim(wish.instance, mount, settings)),
      );
  }
}

/**
 * Takes away claims of the instance that its pod does not use, and volumes whose claim is gone: all of them when the
 * instance is gone. A claim that a pod still holds stays until the pod ends (Kubernetes sees to that).
 */
export async function removeDeviceVolumes(
  { client, informers, settings }: World,
  instance: string,
  mounts: readonly DeviceMount[],
): Promise<void> {
  const used = new Set(mounts.map(({ claim }) => claim));
  const ours = <T extends KubernetesObject>(store: { byLabel(label: string, value: string): readonly T[] }) =>
    store.byLabel(labels.cstorPoolInstance, instance).filter(({ metadata }) => !used.has(metadata.name));
  for (const { metadata } of ours(informers.persistentVolumeClaims.store)) {
    if (metadata.namespace !== settings.namespace || metadata.deletionTimestamp !== undefined) continue;
    await client.delete(core.persistentVolumeClaims, keyIn(settings, metadata.name));
  }
  for (const { metadata } of ours(informers.persistentVolumes.store)) {
    if (metadata.deletionTimestamp !== undefined) continue;
    if (informers.persistentVolumeClaims.store.get(keyIn(settings, metadata.name)) !== undefined) continue;
    await client.delete(core.persistentVolumes, { name: metadata.name });
  }
}
