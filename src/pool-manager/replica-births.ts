/**
 * What was born in a volume after a number, on its way into a replica of another pool (SendBirths, ReceiveBirths): full
 * and incremental copies of volumes that no target serves there.
 *
 * A stream may be sent again after it broke off: births and content are set, not added. Only its last chunk moves the
 * receiver's number, so what has not been received whole is never taken for a base.
 */
import { randomBytes } from 'node:crypto';
import { blockBytes } from '../shared/block-size.ts';
import type { OutStream } from '../shared/grpc/handlers.ts';
import { StatusError } from '../shared/grpc/status-error.ts';
import { BadBlockError, type CopiedExtent, LimitError, type VolumeStore } from './engine/volume-store.ts';
import { decodeRecord } from '../replication/record.ts';
import { poolLimits } from './options.ts';
import { takingRoom } from './room.ts';
import { heldPrefix } from './replica-reader.ts';
import { storedSnapshot } from './user-snapshots.ts';

/** Extents asked for at a time; holes are small on the wire. */
const extentsMax = 256;

export interface Birth {
  readonly block: number;
  readonly count: number;
  readonly birth: number;
  /** Empty: the blocks read as zeros. */
  readonly data: Buffer;
}

export interface BirthChunk {
  readonly births: Birth[];
  readonly sizeBytes: number;
  readonly after: number;
  readonly number: number;
  readonly last: boolean;
}

/** `snapshot`: empty: as of now. `signal`: the replica is about to go. */
export async function sendBirths(
  store: VolumeStore,
  { after, snapshot }: { readonly after: number; readonly snapshot: string },
  out: OutStream<BirthChunk>,
  signal: AbortSignal,
): Promise<void> {
  const known = snapshot === '' ? undefined : storedSnapshot(store, snapshot);
  if (snapshot !== '' && known === undefined)
    throw new StatusError('NOT_FOUND', `volume ${store.identity.volume} has no snapshot ${snapshot}`);
  const number = known?.number ?? store.last;
  if (after > number)
    throw new StatusError(
      'FAILED_PRECONDITION',
      `the volume is at ${number}: nothing was born after ${after} yet`,
    );
  const held = known === undefined ? `${heldPrefix}${randomBytes(8).toString('hex')}` : undefined;
  if (held !== undefined) store.snapshot(held);
  const { sizeBytes } = store;
  const send = async (births: Birth[], last: boolean) => {
    if (signal.aborted) throw new StatusError('ABORTED', 'the replica is being closed');
    await out.write({ births, sizeBytes, after, number, last });
  };
  try {
    for await (const births of parts(store, known?.name ?? held ?? '', after)) await send(births, false);
    await send([], true);
  } catch (error) {
    if (error instanceof BadBlockError) throw new StatusError('DATA_LOSS', error.message, { cause: error });
    throw error;
  } finally {
    if (held !== undefined) store.deleteSnapshot(held);
  }
}

/** Chunks of at most `chunkBlocks` blocks with data, in order. */
async function* parts(store: VolumeStore, snapshot: string, after: number): AsyncGenerator<Birth[]> {
  const blocks = Math.ceil(store.sizeBytes / blockBytes);
  let births: Birth[] = [];
  let room: number = poolLimits.chunkBlocks;
  for (let at = 0; at < blocks;) {
    const { extents, next } = await store.births(after, at, blocks - at, extentsMax, snapshot);
    for (const { block, count, birth, mapped } of extents)
      for (let done = 0; done < count;) {
        const part = mapped ? Math.min(count - done, room) : count;
        const bytes = mapped ? await store.read(block + done, part, snapshot) : new Uint8Array(0);
        const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        births.push({ block: block + done, count: part, birth, data });
        done += part;
        room -= mapped ? part : 0;
        if (room > 0 && births.length < extentsMax) continue;
        yield births;
        births = [];
        room = poolLimits.chunkBlocks;
      }
    at = next;
  }
  if (births.length > 0) yield births;
}

/** Durable when answered, with the last chunk. `snapshot`: taken then; empty: none. */
export async function receiveBirths(store: VolumeStore, chunk: BirthChunk, snapshot: string): Promise<void> {
  checkBase(store, chunk);
  try {
    await takingRoom(() => takeIn(store, chunk, snapshot));
  } catch (error) {
    if (error instanceof LimitError)
      throw new StatusError('INVALID_ARGUMENT', error.message, { cause: error });
    throw error;
  }
}

async function takeIn(store: VolumeStore, chunk: BirthChunk, snapshot: string): Promise<void> {
  await store.room();
  if (chunk.sizeBytes > store.sizeBytes) store.resize(store.last + 1, chunk.sizeBytes);
  if (chunk.births.length > 0) store.copyIn(chunk.births.map(extentOf));
  if (!chunk.last) return;
  if (store.last < chunk.number) store.advance(chunk.number);
  if (snapshot !== '' && !store.snapshots().some(({ name }) => name === snapshot)) store.snapshot(snapshot);
  await store.commit();
}

function checkBase(
  { identity, record, last, sizeBytes }: VolumeStore,
  { after, number, ...chunk }: BirthChunk,
): void {
  const { volume } = identity;
  // A clone has the history of its origin, and no target's promise.
  if (decodeRecord(record, sizeBytes).promised.nonce !== 0)
    throw new StatusError(
      'FAILED_PRECONDITION',
      `a target has used this replica of ${volume}: make another volume`,
    );
  if (last < after)
    throw new StatusError(
      'FAILED_PRECONDITION',
      `the replica of ${volume} is at ${last}: send what was born after that`,
    );
  if (last > number)
    throw new StatusError(
      'FAILED_PRECONDITION',
      `the replica of ${volume} is at ${last} already, beyond ${number}`,
    );
  const blocks = Math.ceil(Math.max(sizeBytes, chunk.sizeBytes) / blockBytes);
  for (const { block, count, birth, data } of chunk.births)
    if (
      count < 1 ||
      block + count > blocks ||
      birth > number ||
      (data.byteLength > 0 && (data.byteLength !== count * blockBytes || birth === 0))
    )
      throw new StatusError('INVALID_ARGUMENT', `blocks ${block}+${count} are not what a sender answers`);
}

const extentOf = ({ block, count, birth, data }: Birth): CopiedExtent => ({
  block,
  count,
  birth,
  data: data.byteLength > 0 ? data : undefined,
});
