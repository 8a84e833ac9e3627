import type { CStorPoolInstance } from '../../api/kinds/cstorpoolinstance.ts';
import { annotations, finalizers, labels } from '../../api/names.ts';
import type { KubernetesObject } from '../../api/object-meta.ts';
import { formatSpace } from '../../api/quantity.ts';
import { resources } from '../../api/resources.ts';
import { StatusError } from '../../shared/grpc/status-error.ts';
import type { Violation } from '../checks.ts';
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
import type { Groups } from '../pool-cluster/shape.ts';
import type { Action } from './plan.ts';

/** Formatting flushes all labels of all devices. */
const createDeadlineMs = 60_000;
const destroyDeadlineMs = 60_000;

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

/** Answers why the daemon refused, in words for a condition; other failures are thrown and tried again. */
export async function apply(
  world: World,
  instance: CStorPoolInstance,
  action: Action,
): Promise<Violation | undefined> {
  const { client, recorder, pools, settings } = world;
  const { name } = instance.metadata;
  switch (action.do) {
    case 'addProtection':
      await client.addFinalizer(resources.cstorPoolInstance, instance, finalizers.poolProtection);
      return undefined;
    case 'removeProtection':
      await client.removeFinalizer(resources.cstorPoolInstance, instance, finalizers.poolProtection);
      return undefined;
    case 'createPool': {
      const overwrite = overwriteOf(instance);
      const refused = await refusal(
        pools.client(name)?.call('CreatePool', { overwrite }, { deadlineMs: createDeadlineMs }),
      );
      if (refused === undefined) recorder.event(instance, 'Normal', 'Created', 'Pool created successfully');
      else recorder.event(instance, 'Warning', 'FailCreate', refused.message);
      return refused;
    }
    case 'addGroups': {
      const groups = (each: Groups) => each.map((group) => ({ devices: [...group] }));
      const request = {
        data: groups(action.data),
        log: groups(action.log),
        overwrite: overwriteOf(instance),
      };
      const refused = await refusal(
        pools.client(name)?.call('AddGroups', request, { deadlineMs: createDeadlineMs }),
      );
      if (refused === undefined)
        recorder.event(
          instance,
          'Normal',
          'Pool Expansion',
          `Pool expanded by ${[...action.data, ...action.log].flat().join(', ')}`,
        );
      else recorder.event(instance, 'Warning', 'Pool Expansion', refused.message);
      return refused;
    }
    case 'replaceDevice': {
      const request = { old: action.old, new: action.next, overwrite: overwriteOf(instance) };
      const refused = await refusal(
        pools.client(name)?.call('ReplaceDevice', request, { deadlineMs: createDeadlineMs }),
      );
      if (refused === undefined)
        recorder.event(
          instance,
          'Normal',
          'BlockDevice Replacement',
          `${action.next} is being filled in the place of ${action.old}`,
        );
      else recorder.event(instance, 'Warning', 'BlockDevice Replacement', refused.message);
      return refused;
    }
    case 'finishReplacement': {
      const { claim, device, predecessor } = action.replacing;
      await client.modify(resources.blockDeviceClaim, keyIn(settings, claim), ({ metadata, ...rest }) => {
        const { [annotations.blockDevicePredecessor]: _done, ...others } = metadata.annotations ?? {};
        return { ...rest, metadata: { ...metadata, annotations: others } };
      });
      recorder.event(
        instance,
        'Normal',
        'BlockDevice Replacement',
        `${device} has taken the place of ${predecessor}`,
      );
      return undefined;
    }
    case 'growDevices': {
      const refused = await refusal(
        pools.client(name)?.call('GrowDevices', {}, { deadlineMs: createDeadlineMs }),
      );
      if (refused === undefined)
        recorder.event(
          instance,
          'Normal',
          'Pool Expansion',
          `block devices have grown: ${formatSpace(action.bytes)} more`,
        );
      return refused;
    }
    case 'setProperties':
      return refusal(
        pools.client(name)?.call('SetProperties', action.properties, { deadlineMs: createDeadlineMs }),
      );
    case 'destroyPool': {
      const refused = await refusal(
        pools.client(name)?.call('DestroyPool', { guid: action.guid }, { deadlineMs: destroyDeadlineMs }),
      );
      if (refused !== undefined) recorder.event(instance, 'Warning', 'FailDestroy', refused.message);
      return refused;
    }
  }
}

const overwriteOf = ({ metadata }: CStorPoolInstance): string[] =>
  (metadata.annotations?.[annotations.overwriteDevices] ?? '').split(',').filter((device) => device !== '');

async function refusal(call: Promise<unknown> | undefined): Promise<Violation | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (error instanceof StatusError && refusals.has(error.code))
      return { reason: 'Refused', message: error.message };
    throw error;
  }
}
/** Answers that another try alone would not change; a person, or another state of the pool, has to. */
const refusals: ReadonlySet<string> = new Set([
  'FAILED_PRECONDITION',
  'INVALID_ARGUMENT',
  'RESOURCE_EXHAUSTED',
]);
