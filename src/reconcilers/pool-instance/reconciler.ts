import { findCondition } from '../../api/conditions.ts';
import type { CStorPoolInstance } from '../../api/kinds/cstorpoolinstance.ts';
import { labels } from '../../api/names.ts';
import { keyOf, type ObjectKey } from '../../api/object-meta.ts';
import { resources } from '../../api/resources.ts';
import { done, watchMapped, watchOwned, watchSelf, type Requeue } from '../runtime/controller.ts';
import type { Violation } from '../checks.ts';
import { writeStatus } from '../objects.ts';
import { isDisabled, keyIn, type World } from '../world.ts';
import { apply } from './apply.ts';
import { observe } from './observe.ts';
import { changesOf, isServing, plan } from './plan.ts';
import { applyObjects, removeDeviceVolumes } from './pool-objects.ts';
import { scrubEvent, scrubNotUnderstood } from './pool-scrub.ts';
import { statusOf, type InstanceStatus } from './status.ts';

/** A refused call is tried again after this time, should nothing else happen. */
const refusedMs = 10_000;
/** Nobody tells a pool that its turn to be restarted has come. */
const turnLookMs = 1_000;

async function reconcile(world: World, key: ObjectKey): Promise<Requeue> {
  const instance = world.informers.instances.store.get(key);
  if (instance === undefined) {
    world.pools.forget(key.name);
    await removeDeviceVolumes(world, key.name, []);
    return done;
  }
  if (isDisabled(instance)) return done;
  const { instance: view, facts, wish, turn } = observe(world, instance);
  await applyObjects(world, wish);
  await removeDeviceVolumes(world, key.name, wish.mounts);
  const { actions, waits, problem } = plan(view, facts);
  const serving = !view.deleting && isServing(facts.pool);
  let failure: Violation | undefined;
  // Of a pool that serves, one change that is refused does not stop the others.
  for (const action of actions)
    failure = serving
      ? ((await apply(world, instance, action)) ?? failure)
      : (failure ?? (await apply(world, instance, action)));
  const changes = serving && isServing(facts.pool) ? changesOf(view, facts.pool) : undefined;
  const status = statusOf({
    previous: { ...instance.status },
    facts,
    generation: instance.metadata.generation ?? 0,
    deleting: view.deleting,
    waits: waits ?? (view.deleting ? failure?.message : undefined),
    failure: view.deleting || serving ? undefined : failure,
    replacing: view.replacing,
    adding: changes === undefined ? 0 : changes.data.additions.length + changes.log.additions.length,
    changeFailure: serving ? (problem ?? failure) : undefined,
    restartWaits: turn.waits,
    nowIso: world.nowIso(),
  });
  await writeStatus(world.client, resources.cstorPoolInstance, instance, status);
  tell(world, instance, status);
  tellScrub(world, instance, status);
  if (turn.waits !== undefined) return { afterMs: turnLookMs };
  return failure === undefined ? done : { afterMs: refusedMs };
}

/** Conditions that say why a pool does not serve, or not in full. */
const ofThePhase: ReadonlySet<string> = new Set([
  'PoolLost',
  'PoolFaulted',
  'PoolCreationFailed',
  'DiskUnavailable',
  'DiskReplacement',
  'DeletionBlocked',
]);

/** One event per change of phase, in cStor's words where it has any. */
function tell({ recorder }: World, instance: CStorPoolInstance, { phase, conditions }: InstanceStatus): void {
  const before = instance.status?.phase ?? '';
  if (phase === before || phase === 'Pending') return;
  if (phase === 'ONLINE') {
    if (before !== 'Pending' && before !== '')
      recorder.event(
        instance,
        'Normal',
        'Pool Imported',
        `Pool Import successful: ${instance.metadata.name}`,
      );
    return;
  }
  const told = conditions.filter(
    ({ type, status, message }) => ofThePhase.has(type) && status === 'True' && message !== '',
  );
  const why = told.map(({ message }) => message).join('; ');
  recorder.event(
    instance,
    'Warning',
    phase === 'UNAVAIL' ? 'FailedSync' : 'DeviceState',
    `pool is ${phase}${why === '' ? ': its daemon does not answer' : `: ${why}`}`,
  );
}

/** The turns of a scrub, and that one was asked for in words that are no wish. */
function tellScrub({ recorder }: World, instance: CStorPoolInstance, status: InstanceStatus): void {
  const event = scrubEvent(instance.status?.scrub, status.scrub);
  if (event !== undefined) recorder.event(instance, event.type, 'Scrub', event.message);
  const [now, before] = [status.conditions, instance.status?.conditions].map((conditions) =>
    findCondition(conditions, 'ChangeRefused'),
  );
  if (now?.reason === scrubNotUnderstood && now.message !== before?.message)
    recorder.event(instance, 'Warning', 'Scrub', now.message ?? '');
}

/** Runs one pool daemon per instance and shows what it says. */
export const poolInstanceController = (world: World) => {
  const { informers, settings } = world;
  const named = (name: string | undefined): ObjectKey[] =>
    name === undefined ? [] : [keyIn(settings, name)];
  return {
    name: 'pool-instance',
    watches: [
      watchSelf(informers.instances),
      watchOwned(informers.deployments, resources.cstorPoolInstance.kind),
      watchOwned(informers.services, resources.cstorPoolInstance.kind),
      watchOwned(informers.configMaps, resources.cstorPoolInstance.kind),
      watchOwned(informers.secrets, resources.cstorPoolInstance.kind),
      watchMapped(informers.pods, (pod) => named(pod.metadata.labels?.[labels.cstorPoolInstance])),
      watchMapped(informers.persistentVolumes, (volume) =>
        named(volume.metadata.labels?.[labels.cstorPoolInstance]),
      ),
      watchMapped(informers.persistentVolumeClaims, (claim) =>
        named(claim.metadata.labels?.[labels.cstorPoolInstance]),
      ),
      watchMapped(informers.deviceClaims, (claim) =>
        informers.instances.store
          .byLabel(labels.cstorPoolCluster, claim.metadata.labels?.[labels.cstorPoolCluster] ?? '')
          .map(keyOf),
      ),
      watchMapped(informers.replicas, (replica) => named(replica.metadata.labels?.[labels.poolInstanceName])),
      watchMapped(informers.devices, (device) =>
        informers.instances.store
          .list(settings.namespace)
          .filter(({ spec }) =>
            [...spec.dataRaidGroups, ...(spec.writeCacheRaidGroups ?? [])].some((group) =>
              group.blockDevices.some((each) => each.blockDeviceName === device.metadata.name),
            ),
          )
          .map((instance) => keyIn(settings, instance.metadata.name)),
      ),
    ],
    workers: 4,
    reconcile: (key: ObjectKey) => reconcile(world, key),
  };
};
