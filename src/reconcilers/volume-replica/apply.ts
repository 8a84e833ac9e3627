import type { CStorVolumeReplica } from '../../api/kinds/cstorvolumereplica.ts';
import { finalizers } from '../../api/names.ts';
import { resources } from '../../api/resources.ts';
import { StatusError } from '../../shared/grpc/status-error.ts';
import type { World } from '../world.ts';
import type { Observed } from './observe.ts';
import type { Action } from './plan.ts';

const deadlineMs = 10_000;
const deleteReplicaDeadlineMs = 30_000;

export async function apply(
  world: World,
  replica: CStorVolumeReplica,
  { volume, pool, replicaId }: Observed,
  action: Action,
): Promise<void> {
  switch (action.do) {
    case 'setPacking':
      await world.pools
        .client(pool)
        ?.call('SetReplicaProperties', { volume, replicaId, ...action.packing }, { deadlineMs });
      return;
    case 'deleteReplica': {
      const client = world.pools.client(pool);
      // It was there when the plan was made. Without an answer the finalizer must stay.
      if (client === undefined) throw new StatusError('UNAVAILABLE', `pool ${pool} does not answer`);
      await client.call('DeleteReplica', { volume, replicaId }, { deadlineMs: deleteReplicaDeadlineMs });
      return;
    }
    case 'removeFinalizer':
      await world.client.removeFinalizer(resources.cstorVolumeReplica, replica, finalizers.volumeReplica);
      return;
  }
}
