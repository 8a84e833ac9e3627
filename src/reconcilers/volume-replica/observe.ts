import type { CStorVolume } from '../../api/kinds/cstorvolume.ts';
import type { CStorVolumeReplica } from '../../api/kinds/cstorvolumereplica.ts';
import { finalizers, labels } from '../../api/names.ts';
import { keyIn, type World } from '../world.ts';
import type { Membership } from '../volume-config/members/plan.ts';
import { membershipOf, poolServes } from '../volume-config/observe.ts';
import { packingOf } from '../compression.ts';
import type { ReplicaView } from './plan.ts';
import type { ReplicaFacts, Snapshots } from './status.ts';

export interface Observed {
  readonly volume: string;
  readonly pool: string;
  readonly replicaId: string;
  readonly view: ReplicaView;
  readonly facts: ReplicaFacts;
}

const nobody: Membership = { current: { version: 0, members: {} } };
const membershipIn = (volume: CStorVolume | undefined): Membership =>
  volume === undefined ? nobody : membershipOf(volume);

export function observe(world: World, { metadata, spec }: CStorVolumeReplica): Observed {
  const { informers, settings, pools, targets } = world;
  const volume = metadata.labels?.[labels.persistentVolume] ?? '';
  const pool = metadata.labels?.[labels.poolInstanceName] ?? '';
  const replicaId = spec.replicaid ?? '';
  const instance = informers.instances.store.get(keyIn(settings, pool));
  const serves = poolServes(world, pool);
  const onPool = pools
    .status(pool)
    ?.replicas.find((each) => each.volume === volume && each.replicaId === replicaId);
  const config = informers.configs.store.get(keyIn(settings, volume));
  const targetExists = informers.deployments.store.get(keyIn(settings, `${volume}-target`)) !== undefined;
  const { current, next, withdrawn } = membershipIn(informers.volumes.store.get(keyIn(settings, volume)));
  const atTarget = targets.status(volume)?.replicas.find((each) => each.replicaId === replicaId);
  return {
    volume,
    pool,
    replicaId,
    view: {
      deleting: metadata.deletionTimestamp !== undefined,
      finalizer: metadata.finalizers?.includes(finalizers.volumeReplica) === true,
      poolExists:
        instance !== undefined && instance.metadata.uid === metadata.labels?.[labels.poolInstanceUid],
      poolServes: serves,
      needed:
        targetExists && [current, next, withdrawn].some((record) => record?.members[replicaId] !== undefined),
      // A pool of a release before does not say.
      packing: onPool === undefined || onPool.compression === '' ? undefined : onPool,
      packingWanted: packingOf(
        config?.spec.policy.replica?.compression || spec.compression || '',
        pools.status(pool)?.properties?.compression ?? '',
      ),
    },
    facts: {
      onPool,
      poolAnswers: serves,
      atTarget,
      bound: config?.status?.phase === 'Bound',
      expected: pools.expected(pool),
      volumeSnapshots: snapshotsOf(world, volume),
      newcomer: current.members[replicaId] === undefined,
    },
  };
}

/** Of the volume, as its target tells; how large they are, its replicas that have them tell. */
function snapshotsOf({ informers, targets }: World, volume: string): Snapshots | undefined {
  const taken = targets.status(volume)?.snapshots;
  if (taken === undefined) return undefined;
  const peers = informers.replicas.store
    .list()
    .filter(({ metadata }) => metadata.labels?.[labels.persistentVolume] === volume);
  const sizeOf = (name: string) =>
    Math.max(0, ...peers.map(({ status }) => status?.snapshots?.[name]?.logicalReferenced ?? 0));
  return Object.fromEntries(taken.map(({ name }) => [name, { logicalReferenced: sizeOf(name) }]));
}
