/** Carries out what plan.ts decides: calls to the pool's daemon, marks on objects, and events. */
import type { CStorPoolInstance } from '../../api/kinds/cstorpoolinstance.ts';
import { annotations, finalizers, scrubWish } from '../../api/names.ts';
import { keyOf } from '../../api/object-meta.ts';
import { formatSpace } from '../../api/quantity.ts';
import { resources } from '../../api/resources.ts';
import { StatusError } from '../../shared/grpc/status-error.ts';
import { annotateClaim } from '../block-device-claim/annotate.ts';
import type { Violation } from '../checks.ts';
import type { Groups } from '../pool-cluster/shape.ts';
import type { World } from '../world.ts';
import type { Action } from './plan.ts';

/** Formatting flushes all labels of all devices. */
const createDeadlineMs = 60_000;
const destroyDeadlineMs = 60_000;
const scrubDeadlineMs = 10_000;

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
      await annotateClaim(world, claim, annotations.blockDevicePredecessor, undefined);
      recorder.event(
        instance,
        'Normal',
        'BlockDevice Replacement',
        `${device} has taken the place of ${predecessor}`,
      );
      return undefined;
    }
    case 'removeLogDevices': {
      const refused = await refusal(
        pools
          .client(name)
          ?.call('RemoveLogGroups', { devices: [...action.devices] }, { deadlineMs: createDeadlineMs }),
      );
      if (refused !== undefined) recorder.event(instance, 'Warning', 'Log Device Removal', refused.message);
      return refused;
    }
    case 'finishLeaving': {
      const { claim, device } = action.leaving;
      await annotateClaim(world, claim, annotations.leavingPool, undefined);
      recorder.event(instance, 'Normal', 'Log Device Removal', `${device} is no log device of the pool`);
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
    case 'scrub': {
      const { request, text } = action.wish;
      const daemon = pools.client(name);
      // Lost a moment ago: the wish waits for it. Or it was heard, and the cache does not know yet.
      if (daemon === undefined || !(await isAsked(world, instance, text))) return undefined;
      const refused = await refusal(daemon.call('Scrub', request, { deadlineMs: scrubDeadlineMs }));
      if (refused === undefined) await forgetScrub(world, instance, text);
      else recorder.event(instance, 'Warning', 'Scrub', refused.message);
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

/** A call that was made would be made again on the word of a cache that is behind. */
async function isAsked({ client }: World, instance: CStorPoolInstance, text: string): Promise<boolean> {
  const live = await client.get(resources.cstorPoolInstance, keyOf(instance));
  return live?.metadata.annotations?.[scrubWish.annotation] === text;
}

/** Takes the wish away that was heard; another one, that came meanwhile, stays. */
async function forgetScrub({ client }: World, instance: CStorPoolInstance, heard: string): Promise<void> {
  await client.modify(resources.cstorPoolInstance, keyOf(instance), ({ metadata, ...rest }) => {
    const { [scrubWish.annotation]: text, ...others } = metadata.annotations ?? {};
    return text === heard ? { ...rest, metadata: { ...metadata, annotations: others } } : undefined;
  });
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
