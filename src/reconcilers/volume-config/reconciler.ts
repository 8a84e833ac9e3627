import { findCondition } from '../../api/conditions.ts';
import type {
  CStorVolumeConfig,
  CStorVolumeConfigStatusCondition,
} from '../../api/kinds/cstorvolumeconfig.ts';
import { annotations, forcedWish, labels } from '../../api/names.ts';
import { keyOf, type ObjectKey } from '../../api/object-meta.ts';
import { formatBinaryQuantity } from '../../api/quantity.ts';
import { resources } from '../../api/resources.ts';
import { violationsOf, type Violation } from '../checks.ts';
import { done, watchMapped, watchOwned, watchSelf, type Requeue } from '../runtime/controller.ts';
import { writeStatus } from '../objects.ts';
import { isDisabled, keyIn, type World } from '../world.ts';
import { apply } from './apply.ts';
import { boundChecks, placementChecks, provisioningChecks } from './checks.ts';
import type { VolumeWish } from './manifests.ts';
import { forceMembers } from './members/apply.ts';
import { planForced, type ForcedPlan } from './members/forced.ts';
import { changeOf, poolsOfMembers } from './members/plan.ts';
import {
  boundSubjectOf,
  observe,
  observePools,
  placementOf,
  policyOf,
  subjectOf,
  wishOf,
} from './observe.ts';
import { membersSeen, plan, type Observed } from './plan.ts';
import { doing, made, placedType, statusOf, type PlacementChange, type StatusInput } from './status.ts';
import { TargetTurns } from './target-roll-observed.ts';

/** A refused call is tried again after this time, should nothing else happen. */
const refusedMs = 10_000;
/** Nobody tells a target that its turn to be restarted has come. */
const turnLookMs = 1_000;

async function reconcile(world: World, turns: TargetTurns, key: ObjectKey): Promise<Requeue> {
  const config = world.informers.configs.store.get(key);
  if (config === undefined || isDisabled(config)) return done;
  const wish = wishOf(world, config);
  const pools = observePools(world, wish.cluster);
  const observed = observe(world, config, wish, pools);
  const forced = forcedOf(world, config, observed);
  if (forced.do === 'force') {
    await force(world, config, forced);
    return done; // what it wrote calls us again
  }
  const violations = [...(forced.do === 'refuse' ? [forced.why] : []), ...judge(world, config, observed)];
  // A volume that is Bound is kept as it is, whatever is wrong with the newest wish.
  const halted =
    violations.length > 0 && observed.phase !== 'Bound' && observed.finalizer && !observed.deleting;
  const { actions, waits, bound } = halted ? { actions: [], waits: undefined, bound: false } : plan(observed);
  const volume = volumeOf(world, config, observed);
  const turn = turns.of(wish.name);
  const refused: Violation[] = [];
  for (const action of actions) {
    const why = await apply(world, volume, observed, turn, action);
    if (why !== undefined) refused.push(why);
  }
  if (!observed.deleting && observed.finalizer)
    await showStatus(world, config, observed, {
      violations: [...violations, ...refused],
      waits,
      bound,
      restartWaits: turn.waits,
    });
  if (turn.waits !== undefined) return { afterMs: turnLookMs };
  return refused.length === 0 ? done : { afterMs: refusedMs };
}

function forcedOf(world: World, config: CStorVolumeConfig, observed: Observed): ForcedPlan {
  const seen = observed.phase === 'Bound' && !observed.deleting ? membersSeen(observed) : undefined;
  if (seen === undefined) return { do: 'nothing' };
  const { name, annotations: given } = config.metadata;
  const phase = world.targets.status(name)?.phase;
  return planForced({
    ...seen,
    volume: name,
    annotation: given?.[forcedWish.annotation],
    serving: phase === undefined ? undefined : phase === 'Healthy' || phase === 'Degraded',
  });
}

async function force(
  world: World,
  config: CStorVolumeConfig,
  plan: Extract<ForcedPlan, { do: 'force' }>,
): Promise<void> {
  await forceMembers(world, config, plan);
  world.recorder.event(
    config,
    'Warning',
    'MembersGivenUp',
    `the volume goes on with its replicas on ${plan.pools.join(', ')} alone; those on ${plan.givenUp.join(', ')} are given up for good`,
  );
}

function judge(
  world: World,
  config: CStorVolumeConfig,
  { wish, pools, phase }: Observed,
): readonly Violation[] {
  return phase === 'Bound'
    ? [
        ...violationsOf(boundChecks, boundSubjectOf(config, wish)),
        ...violationsOf(placementChecks, placementOf(config, wish, pools)),
      ]
    : violationsOf(provisioningChecks, subjectOf(world, config, wish, pools));
}

function volumeOf(world: World, config: CStorVolumeConfig, { wish, phase }: Observed): VolumeWish {
  const { informers, settings } = world;
  const { metadata } = config;
  const volume = informers.persistentVolumes.store.get({ name: metadata.name });
  const className = volume?.spec?.storageClassName ?? '';
  const claim = metadata.annotations?.[labels.persistentVolumeClaim] ?? volume?.spec?.claimRef?.name ?? '';
  // What exists was made for the size of the status; a newer wish that was refused changes nothing.
  const made = boundSubjectOf(config, wish);
  return {
    config,
    wish: phase === 'Bound' ? { ...wish, sizeBytes: made.boundBytes } : wish,
    policy: policyOf(world, config),
    storageClassRef:
      metadata.annotations?.[annotations.storageClassRef] ?? (className === '' ? '' : `name: ${className}`),
    claimName: claim,
    settings,
  };
}

async function showStatus(
  world: World,
  config: CStorVolumeConfig,
  observed: Observed,
  told: Pick<StatusInput, 'violations' | 'waits' | 'bound' | 'restartWaits'>,
): Promise<void> {
  const { wish, phase } = observed;
  const before = config.status?.condition;
  const seen = phase === 'Bound' ? membersSeen(observed) : undefined;
  const status = statusOf({
    previous: { ...config.status },
    generation: config.metadata.generation ?? 0,
    capacity: formatBinaryQuantity(wish.sizeBytes),
    pools: seen === undefined ? wish.pools : poolsOfMembers(seen),
    ...told,
    change: seen && changeOf(seen),
    nowIso: world.nowIso(),
  });
  await writeStatus(world.client, resources.cstorVolumeConfig, config, status);
  if (status.phase === 'Bound' && config.status?.phase !== 'Bound')
    world.recorder.event(
      config,
      'Normal',
      'Provisioned',
      `volume with ${wish.replicaCount} replicas on ${wish.pools.join(', ')}`,
    );
  tellOfChange(world, config, status.condition, seen && changeOf(seen));
  if (findCondition(before, 'Accepted')?.message === findCondition(status.condition, 'Accepted')?.message)
    return;
  for (const { reason, message } of told.violations) world.recorder.event(config, 'Warning', reason, message);
}

/** One event when a change of replicas begins, and one when it is made, as cStor's operator has them. */
function tellOfChange(
  { recorder }: World,
  config: CStorVolumeConfig,
  now: readonly CStorVolumeConfigStatusCondition[],
  change: PlacementChange | undefined,
): void {
  const before = findCondition(config.status?.condition, placedType);
  const placed = findCondition(now, placedType);
  if (before === undefined || before.reason === placed?.reason) return;
  const reason = 'ScalingVolumeReplicas';
  if (change !== undefined)
    recorder.event(config, change.change === 'ScalingDown' ? 'Warning' : 'Normal', reason, doing(change));
  else
    recorder.event(
      config,
      'Normal',
      reason,
      made(before.reason, config.spec.policy.replicaPoolInfo?.length ?? 0),
    );
}

/** Turns configs into volumes. */
export const volumeConfigController = (world: World) => {
  const { informers, settings } = world;
  const turns = new TargetTurns(world);
  const pending = () =>
    informers.configs.store
      .list(settings.namespace)
      .filter(
        ({ status }) =>
          status?.phase !== 'Bound' || findCondition(status.condition, placedType)?.status === 'False',
      )
      .map(keyOf);
  const owner = resources.cstorVolumeConfig.kind;
  const named = (name: string | undefined): ObjectKey[] =>
    name === undefined ? [] : [keyIn(settings, name)];
  const onPool = (pool: string) =>
    informers.replicas.store
      .byLabel(labels.poolInstanceName, pool)
      .flatMap((replica) => named(replica.metadata.labels?.[labels.persistentVolume]));
  return {
    name: 'volume-config',
    watches: [
      watchSelf(informers.configs),
      watchOwned(informers.deployments, owner),
      watchOwned(informers.configMaps, owner),
      watchOwned(informers.secrets, owner),
      watchOwned(informers.volumes, owner),
      // A pool's Service is where its replicas are reached.
      watchMapped(informers.services, ({ metadata }) => [
        ...named(metadata.labels?.[labels.persistentVolume]),
        ...(metadata.labels?.[labels.cstorPoolInstance] === undefined ? [] : onPool(metadata.name)),
      ]),
      watchMapped(informers.replicas, ({ metadata }) => named(metadata.labels?.[labels.persistentVolume])),
      watchMapped(informers.persistentVolumes, ({ metadata }) =>
        informers.configs.store.get(keyIn(settings, metadata.name)) === undefined ? [] : named(metadata.name),
      ),
      watchMapped(informers.instances, pending),
      watchMapped(informers.clusters, pending),
      watchMapped(informers.policies, pending),
    ],
    workers: 4,
    /** A pool that comes to life is what volumes wait for. */
    pending,
    reconcile: (key: ObjectKey) => reconcile(world, turns, key),
  };
};
