/** The whole content of one replica at one instant, for verification (ReadReplica). */
import { randomBytes } from 'node:crypto';
import { blockBytes } from '../shared/block-size.ts';
import type { OutStream } from '../shared/grpc/handlers.ts';
import { StatusError } from '../shared/grpc/status-error.ts';
import { clonePrefix, type Pool } from './engine/pool.ts';
import { BadBlockError, type VolumeStore } from './engine/volume-store.ts';
import { storedName } from '../replication/record.ts';
import { poolLimits } from './options.ts';
import { userSnapshot } from './user-snapshots.ts';

/** Snapshots of this name hold an instant still while somebody reads it; they belong to one pool and are never copied. */
export const heldPrefix = '_read-';

/** Extents asked for at a time. */
const extentsMax = 256;

export interface ReplicaChunk {
  readonly offset: number;
  readonly data: Buffer;
  readonly sizeBytes: number;
  readonly number: number;
}

/**
 * `named`: a snapshot of a user; empty: the volume as it is now. Writes chunks in order, without holes; the first is empty and tells size and number. `signal`: the replica is about to
 * go, so the reading ends early (ABORTED).
 */
export async function readReplica(
  store: VolumeStore,
  named: string,
  out: OutStream<ReplicaChunk>,
  signal: AbortSignal,
): Promise<void> {
  const user = named === '' ? undefined : userSnapshot(store, named, 0);
  const snapshot = user ? storedName(user) : `${heldPrefix}${randomBytes(8).toString('hex')}`;
  const { sizeBytes, number } = user ?? { sizeBytes: store.sizeBytes, number: store.last };
  const closing = aborted(signal);
  if (!user) store.snapshot(snapshot);
  try {
    const send = (offset: number, data: Uint8Array) => {
      const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      // A client that takes its time must not hold up the end of the pool.
      return Promise.race([out.write({ offset, data: bytes, sizeBytes, number }), closing]);
    };
    await send(0, new Uint8Array(0));
    for await (const { block, count } of mappedRuns(store, snapshot, sizeBytes / blockBytes))
      await send(block * blockBytes, await store.read(block, count, snapshot));
  } catch (error) {
    if (error instanceof BadBlockError) throw new StatusError('DATA_LOSS', error.message, { cause: error });
    throw error;
  } finally {
    if (!user) store.deleteSnapshot(snapshot);
  }
}

/** Rejects once `signal` aborts. */
function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  const end = () => reject(new StatusError('ABORTED', 'the replica is being closed'));
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  return promise;
}

/** Ranges that hold data, in order, none longer than a chunk; neighbours of different birth are one range. */
async function* mappedRuns(
  store: VolumeStore,
  snapshot: string,
  blocks: number,
): AsyncGenerator<{ block: number; count: number }> {
  let run = { block: 0, count: 0 };
  for (let at = 0; at < blocks;) {
    const { extents, next } = await store.births(0, at, blocks - at, extentsMax, snapshot);
    for (const extent of extents.filter(({ mapped }) => mapped))
      for (let done = 0; done < extent.count;) {
        const block = extent.block + done;
        if (run.count === poolLimits.chunkBlocks || run.block + run.count !== block) {
          if (run.count > 0) yield run;
          run = { block, count: 0 };
        }
        const count = Math.min(extent.count - done, poolLimits.chunkBlocks - run.count);
        run = { block: run.block, count: run.count + count };
        done += count;
      }
    at = next;
  }
  if (run.count > 0) yield run;
}

/** What readers and the makers of clones left behind when the process was killed. */
export async function removeReadSnapshots(pool: Pool): Promise<void> {
  for (const store of pool.volumes()) {
    const left = store
      .snapshots()
      .filter(({ name }) => [heldPrefix, clonePrefix].some((prefix) => name.startsWith(prefix)));
    for (const { name } of left) store.deleteSnapshot(name);
    if (left.length > 0) await store.commit();
  }
}
