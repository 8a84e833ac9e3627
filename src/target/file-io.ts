/** Reads and writes of whole ranges of a file, and the errors of its file system as problems of a volume. */
import type { FileHandle } from 'node:fs/promises';
import { VolumeError, type VolumeProblem } from './volume.ts';

/** What lies past what was ever written stays as `data` has it: zeros, where it is new. */
export async function readWhole(file: FileHandle, data: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < data.byteLength;) {
    const { bytesRead } = await file.read(data, at, data.byteLength - at, position + at);
    if (bytesRead === 0) return;
    at += bytesRead;
  }
}

export async function writeWhole(file: FileHandle, data: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < data.byteLength;) {
    const { bytesWritten } = await file.write(data, at, data.byteLength - at, position + at);
    at += bytesWritten;
  }
}

/** An error of the file system is a problem of the volume, reported to the initiator as such. */
export async function problemOf<T>(problem: VolumeProblem, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw problemFrom(problem, error);
  }
}

export const problemFrom = (problem: VolumeProblem, error: unknown): VolumeError =>
  error instanceof VolumeError
    ? error
    : new VolumeError(problem, error instanceof Error ? error.message : String(error));
