/** The replicas of a volume on their pools. */
import { resources } from '../../api/resources.ts';
import { StatusError } from '../../shared/grpc/status-error.ts';
import type { Violation } from '../checks.ts';
import { keyIn, type World } from '../world.ts';
import { descriptionOf } from './description.ts';
import type { VolumeWish } from './manifests.ts';

const createReplicaDeadlineMs = 20_000;

/** Makes the replica on its pool and records its GUID; the same call answers the same GUID. */
export async function createReplica(
  world: World,
  volume: VolumeWish,
  pool: string,
  replicaId: string,
): Promise<Violation | undefined> {
  const made = await makeReplica(world, volume, pool, replicaId);
  if (made === undefined || 'reason' in made) return made;
  await world.client.patch(resources.cstorVolume, keyIn(world.settings, volume.wish.name), {
    spec: { replicaDetails: { knownReplicas: { [replicaId]: made.guid } } },
  });
  return undefined;
}

/** Its GUID, or why the pool refuses it; undefined: the pool has just gone, and its return calls us again. */
export async function makeReplica(
  world: World,
  volume: VolumeWish,
  pool: string,
  replicaId: string,
): Promise<{ readonly guid: string } | Violation | undefined> {
  const { wish } = volume;
  const client = world.pools.client(pool);
  if (client === undefined) return undefined;
  try {
    const { guid } = await client.call(
      'CreateReplica',
      {
        volume: wish.name,
        replicaId,
        sizeBytes: wish.sizeBytes,
        description: descriptionOf(volume),
      },
      { deadlineMs: createReplicaDeadlineMs },
    );
    return { guid };
  } catch (error) {
    if (error instanceof StatusError && refusals.has(error.code))
      return { reason: 'ReplicaRefused', message: `pool ${pool} refuses the replica: ${error.message}` };
    throw error;
  }
}
/** Answers that another try alone would not change. */
const refusals: ReadonlySet<string> = new Set([
  'FAILED_PRECONDITION',
  'INVALID_ARGUMENT',
  'RESOURCE_EXHAUSTED',
]);
