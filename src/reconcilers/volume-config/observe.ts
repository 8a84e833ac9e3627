import type { CStorPoolInstance } from '../../api/kinds/cstorpoolinstance.ts';
import type { CStorVolume } from '../../api/kinds/cstorvolume.ts';
import type { CStorVolumeConfig } from '../../api/kinds/cstorvolumeconfig.ts';
import { annotations, finalizers, labels } from '../../api/names.ts';
import type { TargetStatusRead } from '../../api/proto/caskade/target/v1/TargetStatus.ts';
import { parseQuantity, QuantityError } from '../../api/quantity.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { instancesOf } from '../pool-cluster/observe.ts';
import { keyIn, type World } from '../world.ts';
import { violationsOf } from '../checks.ts';
import { placementChecks, type BoundSubject, type Placement, type Subject } from './checks.ts';
import type { Membership, TargetMembers } from './members/plan.ts';
import type { PoolView, ReplicaView, Wish } from './inventory.ts';
import type { Observed } from './plan.ts';

type Policy = CStorVolumeConfig['spec']['policy'];

/** Where the first consumer of a volume will run, when its class waits for it. */
export const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node';

/** What the volume's own spec says, else what its policy says. */
export function policyOf(world: World, config: CStorVolumeConfig): Policy {
  const name = config.metadata.annotations?.[annotations.volumePolicy] ?? '';
  const policy = name === '' ? undefined : world.informers.policies.store.get(keyIn(world.settings, name));
  return { ...policy?.spec, ...config.spec.policy };
}

export function wishOf(world: World, config: CStorVolumeConfig): Wish {
  const { metadata, spec } = config;
  const policy = policyOf(world, config);
  const capacity = String(spec.capacity['storage'] ?? '');
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    cluster: metadata.labels?.[labels.cstorPoolCluster] ?? '',
    policyName: metadata.annotations?.[annotations.volumePolicy] ?? '',
    capacity,
    sizeBytes: sizeOf(capacity),
    replicaCount: spec.provision.replicaCount,
    pools: (policy.replicaPoolInfo ?? []).map(({ poolName }) => poolName),
    recorded: isPlaced(config) && Object.keys(policy).every((part) => part in spec.policy),
    replicaAffinity: policy.provision?.replicaAffinity === true,
    node: metadata.annotations?.[selectedNodeAnnotation] ?? '',
    source: spec.cstorVolumeSource ?? '',
  };
}

const isPlaced = ({ spec }: CStorVolumeConfig): boolean => (spec.policy.replicaPoolInfo ?? []).length > 0;

/** Whole blocks; 0 for what is no size. */
function sizeOf(quantity: string): number {
  try {
    return Math.ceil(parseQuantity(quantity) / blockBytes) * blockBytes;
  } catch (error) {
    if (error instanceof QuantityError) return 0;
    throw error;
  }
}

export function subjectOf(
  world: World,
  config: CStorVolumeConfig,
  wish: Wish,
  pools: readonly PoolView[],
): Subject {
  const { informers, settings } = world;
  return {
    wish,
    policyMissing:
      wish.policyName !== '' &&
      !isPlaced(config) &&
      informers.policies.store.get(keyIn(settings, wish.policyName)) === undefined,
    clusterExists: informers.clusters.store.get(keyIn(settings, wish.cluster)) !== undefined,
    pools,
  };
}

export const boundSubjectOf = ({ status }: CStorVolumeConfig, wish: Wish): BoundSubject => ({
  wish,
  boundBytes: sizeOf(String(status?.capacity?.['storage'] ?? '0')),
});

export function observe(
  world: World,
  config: CStorVolumeConfig,
  wish: Wish,
  pools: readonly PoolView[],
): Observed {
  const { informers, settings } = world;
  const { metadata } = config;
  const key = keyIn(settings, metadata.name);
  const volume = informers.volumes.store.get(key);
  const serviceIp = informers.services.store.get(key)?.spec?.clusterIP;
  const isOwn = (object: { metadata: { ownerReferences?: readonly { uid: string }[] } }) =>
    object.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid) === true;
  return {
    wish,
    deleting: metadata.deletionTimestamp !== undefined,
    finalizer: metadata.finalizers?.includes(finalizers.volumeConfig) === true,
    phase: config.status?.phase ?? '',
    pools,
    serviceIp: serviceIp === '' ? undefined : serviceIp,
    volume: volume && { membership: membershipOf(volume), ours: isOwn(volume) },
    replicas: informers.replicas.store
      .byLabel(labels.persistentVolume, metadata.name)
      .map((replica): ReplicaView => ({
        name: replica.metadata.name,
        pool: replica.metadata.labels?.[labels.poolInstanceName] ?? '',
        replicaId: replica.spec.replicaid ?? '',
        deleting: replica.metadata.deletionTimestamp !== undefined,
        ours: isOwn(replica),
      })),
    targetExists: informers.deployments.store.get(keyIn(settings, `${metadata.name}-target`)) !== undefined,
    target: targetMembers(world.targets.status(metadata.name)),
    placeable: violationsOf(placementChecks, placementOf(config, wish, pools)).length === 0,
  };
}

/** The record in force, and the change under way. */
export function membershipOf({ spec }: CStorVolume): Membership {
  const { version = 1, forced, next, withdrawn } = spec.membership ?? {};
  return {
    current: {
      version,
      members: spec.replicaDetails?.knownReplicas ?? {},
      ...(forced === true ? { forced } : {}),
    },
    ...(next === undefined ? {} : { next }),
    ...(withdrawn === undefined ? {} : { withdrawn }),
  };
}

const targetMembers = (status: TargetStatusRead | undefined): TargetMembers | undefined =>
  status && {
    version: status.membershipVersion,
    settled: status.membershipSettled,
    states: Object.fromEntries(status.replicas.map(({ replicaId, state }) => [replicaId, state])),
  };

export const placementOf = (
  { status }: CStorVolumeConfig,
  wish: Wish,
  pools: readonly PoolView[],
): Placement => ({ wish, pools, boundPools: status?.poolInfo ?? [] });

/** The pools of a cluster, with how many replicas of whatever volume are placed on each. */
export function observePools(world: World, cluster: string): readonly PoolView[] {
  if (cluster === '') return [];
  const placed = new Map<string, number>();
  for (const config of world.informers.configs.store.list(world.settings.namespace))
    for (const { poolName } of config.spec.policy.replicaPoolInfo ?? [])
      placed.set(poolName, (placed.get(poolName) ?? 0) + 1);
  return instancesOf(world, cluster).map((instance) =>
    poolOf(world, instance, placed.get(instance.metadata.name) ?? 0),
  );
}

function poolOf(world: World, { metadata, spec, status }: CStorPoolInstance, replicas: number): PoolView {
  const online = status?.phase === 'ONLINE' || status?.phase === 'DEGRADED';
  const capacity = status?.capacity;
  return {
    name: metadata.name,
    uid: metadata.uid ?? '',
    hostname: spec.hostName ?? '',
    usable: online && status.readOnly !== true && metadata.deletionTimestamp === undefined,
    answers: poolServes(world, metadata.name),
    totalBytes: capacity === undefined ? 0 : parseQuantity(capacity.total),
    freeBytes: capacity === undefined ? 0 : parseQuantity(capacity.free),
    thick: spec.poolConfig?.thickProvision === true,
    replicas,
  };
}

export function poolServes(world: World, name: string): boolean {
  const phase = world.pools.status(name)?.phase;
  return phase === 'POOL_PHASE_ONLINE' || phase === 'POOL_PHASE_DEGRADED';
}
