import type { CStorPoolInstance } from '../../api/kinds/cstorpoolinstance.ts';
import { annotations, finalizers } from '../../api/names.ts';
import { resources } from '../../api/resources.ts';
import { StatusError } from '../../shared/grpc/status-error.ts';
import type { Violation } from '../checks.ts';
import { ensure } from '../objects.ts';
import { core } from '../runtime/core-resources.ts';
import { keyIn, type World } from '../world.ts';
import {
  keysName,
  poolConfigMap,
  poolDeployment,
  poolSecret,
  poolService,
  type PoolWish,
} from './manifests.ts';
import type { Action } from './plan.ts';

/** Formatting flushes all labels of all devices. */
const createDeadlineMs = 60_000;
const destroyDeadlineMs = 60_000;

/** Configuration before the Deployment that mounts it. */
export async function applyObjects({ client, informers, settings }: World, wish: PoolWish): Promise<void> {
  const key = keyIn(settings, wish.instance.metadata.name);
  const keysKey = keyIn(settings, keysName(key.name));
  await ensure(client, core.configMaps, poolConfigMap(wish), informers.configMaps.store.get(key));
  await ensure(client, core.secrets, poolSecret(wish), informers.secrets.store.get(keysKey));
  await ensure(client, core.services, poolService(wish), informers.services.store.get(key));
  await ensure(client, core.deployments, poolDeployment(wish), informers.deployments.store.get(key));
}

/** Answers why the daemon refused, in words for a condition; other failures are thrown and tried again. */
export async function apply(
  world: World,
  instance: CStorPoolInstance,
  action: Action,
): Promise<Violation | undefined> {
  const { client, recorder, pools } = world;
  const { name } = instance.metadata;
  switch (action.do) {
    case 'addProtection':
      await client.addFinalizer(resources.cstorPoolInstance, instance, finalizers.poolProtection);
      return undefined;
    case 'removeProtection':
      await client.removeFinalizer(resources.cstorPoolInstance, instance, finalizers.poolProtection);
      return undefined;
    case 'createPool': {
      const overwrite = (instance.metadata.annotations?.[annotations.overwriteDevices] ?? '')
        .split(',')
        .filter((device) => device !== '');
      const refused = await refusal(
        pools.client(name)?.call('CreatePool', { overwrite }, { deadlineMs: createDeadlineMs }),
      );
      if (refused === undefined) recorder.event(instance, 'Normal', 'Created', 'Pool created successfully');
      else recorder.event(instance, 'Warning', 'FailCreate', refused.message);
      return refused;
    }
    case 'destroyPool': {
      const refused = await refusal(
        pools.client(name)?.call('DestroyPool', { guid: action.guid }, { deadlineMs: destroyDeadlineMs }),
      );
      if (refused !== undefined) recorder.event(instance, 'Warning', 'FailDestroy', refused.message);
      return refused;
    }
  }
}

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
