/** A volume in one plain file, for trying a target and for comparing figures; the replicated volume is the real one. */
import { open, type FileHandle } from 'node:fs/promises';
import { AtomicWriter, atomicBytesMax, finishAtomicWrite } from './file-atomic.ts';
import { problemOf, readWhole, writeWhole } from './file-io.ts';
import { FileOrder } from './file-order.ts';
import { FileQuick } from './file-quick.ts';
import { FileValues } from './file-values.ts';
import type { QuickVolume, Volume, WriteOptions } from './volume.ts';

/**
 * Opens or makes the file; it is sparse, and grown to `sizeBytes` where it is smaller. What may only be read is write
 * protected. A device has no place for what is to be remembered, and for atomic writes.
 */
export async function openFileVolume(path: string, sizeBytes: number): Promise<FileVolume> {
  const { file, readOnly } = await openForWriting(path);
  const stat = await file.stat();
  if (!stat.isFile()) return new FileVolume(file, sizeBytes, readOnly);
  await finishAtomicWrite(path, file, readOnly);
  if (stat.size < sizeBytes) await file.truncate(sizeBytes);
  return new KeptFileVolume(file, Math.max(stat.size, sizeBytes), readOnly, path);
}

const mayOnlyRead = new Set(['EACCES', 'EROFS', 'EPERM']);

async function openForWriting(path: string): Promise<{ file: FileHandle; readOnly: boolean }> {
  try {
    const made = await open(path, 'a+');
    await made.close();
    return { file: await open(path, 'r+'), readOnly: false };
  } catch (error) {
    if (error instanceof Error && 'code' in error && mayOnlyRead.has(String(error.code)))
      return { file: await open(path, 'r'), readOnly: true };
    throw error;
  }
}

/** Largest buffer of zeros that an unmap writes at a time: files have no portable way to punch a hole. */
const zeroBytesMax = 1 << 20;

export class FileVolume implements Volume {
  readonly readOnly: boolean;
  readonly #quick: FileQuick;
  #sizeBytes: number;
  protected readonly file: FileHandle;
  protected readonly order = new FileOrder();

  constructor(file: FileHandle, sizeBytes: number, readOnly: boolean) {
    this.readOnly = readOnly;
    this.file = file;
    this.#sizeBytes = sizeBytes;
    this.#quick = new FileQuick(file.fd, (offsetBytes, data) => this.write(offsetBytes, data, { fua: true }));
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Changes that must be alone, and those under way, are waited for by the other way. */
  get quick(): QuickVolume | undefined {
    return this.order.isFree && this.#quick.mayBegin() ? this.#quick : undefined;
  }

  async grow(sizeBytes: number): Promise<void> {
    await this.file.truncate(sizeBytes);
    this.#sizeBytes = sizeBytes;
  }

  close(): Promise<void> {
    return this.file.close();
  }

  async read(offsetBytes: number, lengthBytes: number): Promise<Uint8Array> {
    const data = new Uint8Array(lengthBytes);
    await problemOf(
      'unreadable',
      this.order.read(() => readWhole(this.file, data, offsetBytes)),
    );
    return data;
  }

  async write(offsetBytes: number, data: Uint8Array, options?: WriteOptions): Promise<void> {
    await this.#change(() => writeWhole(this.file, data, offsetBytes));
    if (options?.fua === true) await this.flush();
  }

  unmap(offsetBytes: number, lengthBytes: number): Promise<void> {
    return this.#change(async () => {
      for (let at = 0; at < lengthBytes; at += zeroBytesMax) {
        const zeros = new Uint8Array(Math.min(zeroBytesMax, lengthBytes - at));
        await writeWhole(this.file, zeros, offsetBytes + at);
      }
    });
  }

  flush(): Promise<void> {
    return problemOf('unflushedWritesLost', this.file.datasync());
  }

  compareAndWrite(offsetBytes: number, expected: Uint8Array, data: Uint8Array): Promise<number | undefined> {
    const step = async () => {
      this.checkChangeable();
      const stored = new Uint8Array(expected.byteLength);
      await problemOf('unreadable', readWhole(this.file, stored, offsetBytes));
      const differs = expected.findIndex((byte, index) => byte !== stored[index]);
      if (differs !== -1) return differs;
      await problemOf('noSpace', writeWhole(this.file, data, offsetBytes));
      return undefined;
    };
    return this.order.alone(step, { unread: false });
  }

  #change(work: () => Promise<void>): Promise<void> {
    const change = async () => {
      this.checkChangeable();
      await work();
    };
    return problemOf('noSpace', this.order.change(change));
  }

  /** Throws VolumeError when the file is not to be changed any more. */
  protected checkChangeable(): void {}
}

/** A plain file, with what is kept beside it. */
class KeptFileVolume extends FileVolume {
  readonly atomicBytesMax = atomicBytesMax;
  readonly #values: FileValues;
  readonly #atomic: AtomicWriter;

  constructor(file: FileHandle, sizeBytes: number, readOnly: boolean, path: string) {
    super(file, sizeBytes, readOnly);
    this.#values = new FileValues(path);
    this.#atomic = new AtomicWriter(path);
  }

  override get quick(): QuickVolume | undefined {
    return this.#atomic.isHalfDone ? undefined : super.quick;
  }

  override write(offsetBytes: number, data: Uint8Array, options?: WriteOptions): Promise<void> {
    if (options?.atomic !== true) return super.write(offsetBytes, data, options);
    const step = () => problemOf('noSpace', this.#atomic.write(this.file, offsetBytes, data));
    return this.order.alone(step, { unread: true });
  }

  protected override checkChangeable(): void {
    this.#atomic.check();
  }

  override async close(): Promise<void> {
    await this.#atomic.close();
    await super.close();
  }

  recall(key: string): string | undefined {
    return this.#values.recall(key);
  }

  remember(key: string, value: string): Promise<void> {
    return this.#values.remember(key, value);
  }
}
