/** A pool that is new, and the replica of the volume in it. */
import type { LocalState } from './home.ts';
import { localLimits } from './options.ts';
import { askingOf, poolClient, type Places } from './processes.ts';

/** Makes both, through the daemon of the pool. Answers the replica's GUID. */
export async function makeReplica(places: Places, state: LocalState, pool: string): Promise<string> {
  const { volume, sizeBytes } = state;
  const deadline = { deadlineMs: localLimits.startMs };
  const client = poolClient(places, pool);
  try {
    await askingOf(pool, client.call('CreatePool', {}, deadline));
    const replica = { volume, replicaId: pool, sizeBytes };
    const { guid } = await askingOf(pool, client.call('CreateReplica', replica, deadline));
    return guid;
  } finally {
    client.close();
  }
}
