/** Reads what `signatures.ts` judges, from a block device or an image file, opened for reading only. */
import { open, type FileHandle } from 'node:fs/promises';
import { detectSignatures, signatureHeadBytes, signatureTailBytes, type Signature } from '../signatures.ts';

/** Size of a block device or file in bytes; a block device's stat says 0, its end does not. */
async function sizeOf(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  if (size > 0) return size;
  return endOf(handle);
}

/**
 * Node has no lseek: the end is where reads stop. Doubling steps up, then halving, in sectors: some 50 reads of one
 * byte at most.
 */
async function endOf(handle: FileHandle): Promise<number> {
  const sector = 512;
  const probe = Buffer.alloc(1);
  const isInside = async (at: number) => (await handle.read(probe, 0, 1, at)).bytesRead === 1;
  let inside = 0;
  if (!(await isInside(0))) return 0;
  let outside = 1;
  while (await isInside(outside * sector)) {
    inside = outside;
    outside *= 2;
  }
  while (outside - inside > 1) {
    const middle = Math.floor((inside + outside) / 2);
    if (await isInside(middle * sector)) inside = middle;
    else outside = middle;
  }
  return outside * sector;
}

async function readAt(handle: FileHandle, at: number, lengthBytes: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(lengthBytes);
  let done = 0;
  while (done < lengthBytes) {
    const { bytesRead } = await handle.read(bytes, done, lengthBytes - done, at + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

export interface DeviceContent {
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
  /** What is recognised, the most telling first; empty: nothing known. */
  readonly signatures: readonly Signature[];
}

/** `sizeBytes` where the caller knows it. Rejects with the system's error. */
export async function readDeviceContent(path: string, sizeBytes?: number): Promise<DeviceContent> {
  const handle = await open(path, 'r');
  try {
    const size = sizeBytes ?? (await sizeOf(handle));
    const tailBytes = Math.min(size, signatureTailBytes);
    const head = await readAt(handle, 0, Math.min(size, signatureHeadBytes));
    const tail = await readAt(handle, size - tailBytes, tailBytes);
    return { head, tail, signatures: detectSignatures(head, tail) };
  } finally {
    await handle.close();
  }
}
