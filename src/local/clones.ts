/** Volumes that began as a snapshot of the one in D: replicas in the same pools, a target process of its own each. */
import { randomBytes } from 'node:crypto';
import { ackQuorum } from '../replication/quorum.ts';
import { CommandError, UsageError } from '../shared/exit-codes.ts';
import { StatusError } from '../shared/grpc/status-error.ts';
import { poolNames, type CloneState, type LocalState } from './home.ts';
import { localLimits } from './options.ts';
import { askingOf, poolClient, targetClient, type Places } from './processes.ts';
import type { SnapshotRead } from '../api/proto/caskade/target/v1/Snapshot.ts';

export const clonesMax = 8;

/** What a clone is to its target: a volume like the first one, in the same pools. */
export const stateOfClone = (state: LocalState, clone: CloneState): LocalState => {
  const { volume, sizeBytes, members } = clone;
  const { format, replicas, layout, devicesPerPool } = state;
  const pools = Object.keys(members);
  return { format, replicas, layout, devicesPerPool, volume, sizeBytes, members, pools };
};

/** Name of the process of the next one. */
export function freeCloneName(state: LocalState): string {
  const taken = new Set((state.clones ?? []).map(({ name }) => name));
  for (let n = 1; n <= clonesMax; n++) if (!taken.has(`clone-${n}`)) return `clone-${n}`;
  throw new UsageError(`there are ${clonesMax} clones, which is the most`);
}

/** Throws UsageError when there is none of that name. */
export async function snapshotNamed(places: Places, snapshot: string): Promise<SnapshotRead> {
  const client = targetClient(places);
  try {
    const { snapshots } = await askingOf(
      'target',
      client.call('ListSnapshots', {}, { deadlineMs: localLimits.askMs }),
    );
    const found = snapshots.find(({ name }) => name === snapshot);
    if (!found) throw new UsageError(`NAME ${snapshot} is no snapshot: see caskade local snapshot list`);
    return found;
  } finally {
    client.close();
  }
}

/**
 * A replica of the clone in each pool. A pool that lacks the snapshot gets an empty one, which is rebuilt; a quorum has to
 * have it. What was made is removed again when that can not be.
 */
export async function makeClone(
  places: Places,
  state: LocalState,
  { name: snapshot, number, sizeBytes }: SnapshotRead,
  listen: string,
): Promise<CloneState> {
  const volume = `local-${randomBytes(4).toString('hex')}`;
  const pools = poolNames(state);
  const made = await Promise.allSettled(
    pools.map(async (pool) => {
      const source = { volume: state.volume, snapshot, number };
      const begun = await createReplica(places, pool, { volume, sizeBytes, source });
      const guid = begun ?? (await createReplica(places, pool, { volume, sizeBytes })) ?? '';
      return { pool, guid, whole: begun !== undefined };
    }),
  );
  const replicas = made.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = made.find((one) => one.status === 'rejected');
  const short = replicas.filter(({ whole }) => whole).length < ackQuorum(pools.length);
  if (failed || short) {
    for (const { pool } of replicas) await deleteReplica(places, pool, volume);
    if (failed?.status === 'rejected') throw failed.reason;
    throw new CommandError(`too few pools have snapshot ${snapshot}: wait until the volume is Healthy`);
  }
  const members = Object.fromEntries(replicas.map(({ pool, guid }) => [pool, guid]));
  return { name: freeCloneName(state), volume, snapshot, sizeBytes, members, listen };
}

/** Undefined: this pool has no such snapshot. */
async function createReplica(
  places: Places,
  pool: string,
  spec: {
    readonly volume: string;
    readonly sizeBytes: number;
    readonly source?: { readonly volume: string; readonly snapshot: string; readonly number: number };
  },
): Promise<string | undefined> {
  const client = poolClient(places, pool);
  try {
    const call = client.call(
      'CreateReplica',
      { replicaId: pool, ...spec },
      { deadlineMs: localLimits.startMs },
    );
    const { guid } = await call;
    return guid;
  } catch (error) {
    if (error instanceof StatusError && error.code === 'NOT_FOUND' && spec.source) return undefined;
    return await askingOf(pool, Promise.reject<never>(error as Error));
  } finally {
    client.close();
  }
}

/** The replicas of a clone are deleted; a pool that does not answer keeps its one, and says so. */
export async function removeClone(places: Places, { volume, members }: CloneState): Promise<void> {
  for (const [pool, guid] of Object.entries(members)) {
    const client = poolClient(places, pool);
    const replica = { volume, replicaId: pool, guid };
    try {
      await askingOf(pool, client.call('DeleteReplica', replica, { deadlineMs: localLimits.startMs }));
    } finally {
      client.close();
    }
  }
}

async function deleteReplica(places: Places, pool: string, volume: string): Promise<void> {
  const client = poolClient(places, pool);
  try {
    await client.call('DeleteReplica', { volume, replicaId: pool }, { deadlineMs: localLimits.startMs });
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
  } finally {
    client.close();
  }
}
