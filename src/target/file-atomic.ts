/**
 * Atomic writes to a file, over crashes too: what is to be written stands first in a file beside it, `PATH.atomic`.
 *
 *   0 magic   8 u64 offset   16 u32 bytes   24 SHA-256 of the first 24 bytes and the data   64 data
 *
 *  1. The record is durable. A crash before that leaves the file as it was; a torn record fails its checksum.
 *  2. The data is written and durable in the file. A crash before that is made good at the next start, from the record.
 *  3. The record is void, durably, before the write is acknowledged: it can not undo later ones.
 */
import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from '../shared/exit-codes.ts';
import { readWhole, writeWhole } from './file-io.ts';
import { VolumeError } from './volume.ts';

export const atomicBytesMax = 1 << 20;
const magic = Buffer.from('CSKATOM1');
const digestAt = 24;
const headerBytes = 64;

export const atomicRecordPath = (volumePath: string): string => `${volumePath}.atomic`;

/** The record of one write. */
export function atomicRecord(offsetBytes: number, data: Uint8Array): Buffer {
  const record = Buffer.alloc(headerBytes + data.byteLength);
  magic.copy(record);
  record.writeBigUInt64LE(BigInt(offsetBytes), 8);
  record.writeUInt32LE(data.byteLength, 16);
  record.set(data, headerBytes);
  record.set(digestOf(record), digestAt);
  return record;
}

const digestOf = (record: Buffer) =>
  createHash('sha256').update(record.subarray(0, digestAt)).update(record.subarray(headerBytes)).digest();

/** Undefined: there is none, or it is void or torn. */
async function readRecord(path: string): Promise<{ offsetBytes: number; data: Uint8Array } | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new UsageError(`${path} can not be read: make it readable, it may hold a write`, { cause: error });
  }
  await using opened = file;
  const { size } = await opened.stat();
  const record = Buffer.alloc(Math.min(size, headerBytes + atomicBytesMax));
  await readWhole(opened, record, 0);
  if (record.byteLength < headerBytes || !record.subarray(0, magic.byteLength).equals(magic))
    return undefined;
  const whole = record.subarray(0, headerBytes + Math.min(record.readUInt32LE(16), atomicBytesMax));
  if (!digestOf(whole).equals(whole.subarray(digestAt, digestAt + 32))) return undefined;
  return { offsetBytes: Number(whole.readBigUInt64LE(8)), data: whole.subarray(headerBytes) };
}

/** Makes good what a crash left half done. Throws UsageError when that is needed and `file` may only be read. */
export async function finishAtomicWrite(
  volumePath: string,
  file: FileHandle,
  readOnly: boolean,
): Promise<void> {
  const path = atomicRecordPath(volumePath);
  const record = await readRecord(path);
  if (record === undefined) return;
  if (readOnly)
    throw new UsageError(`${path} holds a write that is half done: serve ${volumePath} writable once`);
  await writeWhole(file, record.data, record.offsetBytes);
  await file.datasync();
  await using kept = await open(path, 'r+');
  await voidRecord(kept);
}

async function voidRecord(record: FileHandle): Promise<void> {
  await writeWhole(record, new Uint8Array(magic.byteLength), 0);
  await record.datasync();
}

export class AtomicWriter {
  readonly #volumePath: string;
  #record: FileHandle | undefined;
  #isHalfDone = false;

  constructor(volumePath: string) {
    this.#volumePath = volumePath;
  }

  /** A write failed after its record was durable: the file is not to be changed until a new start makes it good. */
  get isHalfDone(): boolean {
    return this.#isHalfDone;
  }

  /** Durable when it answers. Alone: nothing else changes or reads the file meanwhile. */
  async write(file: FileHandle, offsetBytes: number, data: Uint8Array): Promise<void> {
    this.check();
    this.#record ??= await makeRecordFile(this.#volumePath);
    await writeWhole(this.#record, atomicRecord(offsetBytes, data), 0);
    await this.#record.datasync();
    this.#isHalfDone = true;
    await writeWhole(file, data, offsetBytes);
    await file.datasync();
    await voidRecord(this.#record);
    this.#isHalfDone = false;
  }

  /** Throws VolumeError while one is half done. */
  check(): void {
    if (this.#isHalfDone) throw new VolumeError('noSpace', 'an atomic write could not be finished');
  }

  async close(): Promise<void> {
    await this.#record?.close();
  }
}

async function makeRecordFile(volumePath: string): Promise<FileHandle> {
  const file = await open(atomicRecordPath(volumePath), 'w+', 0o600);
  await using folder = await open(dirname(volumePath));
  await folder.sync();
  return file;
}
