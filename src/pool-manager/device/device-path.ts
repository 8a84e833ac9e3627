/** Opening what a path names, for one process alone: a block device, or a plain file that stands for one. */
import { close, closeSync, constants, fstatSync, openSync, statSync, type Stats } from 'node:fs';
import { blockDeviceBytes } from '../../shared/edge/block-device.ts';
import { lockFile } from '../../shared/edge/file-lock.ts';
import { PoolRefusal } from '../engine/refusal.ts';

export interface OpenedPath {
  readonly descriptor: number;
  /** The same with O_DSYNC. */
  readonly throughDescriptor: number;
  /** Holds the lock of a plain file; undefined for block devices, where the kernel keeps others out (O_EXCL). */
  readonly lock: number | undefined;
  readonly sizeBytes: number;
  readonly isDirect: boolean;
  readonly isBlockDevice: boolean;
}

/** Throws PoolRefusal: DeviceMissing, DeviceInUse. */
export function openPath(path: string, name: string): OpenedPath {
  const stats = statOf(path, name);
  if (!stats.isBlockDevice() && !stats.isFile())
    throw new PoolRefusal('DeviceMissing', `device ${name}: ${path} is no block device and no plain file`);
  const lock = stats.isFile() ? lockOrRefuse(path, name) : undefined;
  try {
    return { ...openDirect(path, name, stats.isBlockDevice()), lock };
  } catch (error) {
    if (lock !== undefined) closeSync(lock);
    throw error;
  }
}

/** Bytes, whole units, of what is behind an open descriptor. */
export function sizeOf({
  descriptor,
  isBlockDevice,
}: Pick<OpenedPath, 'descriptor' | 'isBlockDevice'>): number {
  const stats = fstatSync(descriptor);
  return Math.floor((isBlockDevice ? blockDeviceBytes(stats) : stats.size) / 4096) * 4096;
}

function openDirect(path: string, name: string, isBlockDevice: boolean): Omit<OpenedPath, 'lock'> {
  const flags = constants.O_RDWR | (isBlockDevice ? constants.O_EXCL : 0);
  let isDirect = true;
  let descriptor: number;
  try {
    descriptor = openOrRefuse(path, name, flags | constants.O_DIRECT);
  } catch (error) {
    if (codeOf(error) !== 'EINVAL') throw error; // tmpfs and some network file systems have no O_DIRECT
    isDirect = false;
    descriptor = openOrRefuse(path, name, flags);
  }
  try {
    // by the descriptor, not by the path, which may name something else by now
    const through = constants.O_RDWR | constants.O_DSYNC | (isDirect ? constants.O_DIRECT : 0);
    const throughDescriptor = openSync(`/proc/self/fd/${descriptor}`, through);
    const sizeBytes = sizeOf({ descriptor, isBlockDevice });
    return { descriptor, throughDescriptor, isDirect, isBlockDevice, sizeBytes };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function openOrRefuse(path: string, name: string, flags: number): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EBUSY')
      throw new PoolRefusal(
        'DeviceInUse',
        `device ${name} (${path}) is mounted or open elsewhere: stop its user`,
        {
          cause: error,
        },
      );
    if (code === 'ENXIO' || code === 'ENODEV' || code === 'ENOMEDIUM')
      throw new PoolRefusal(
        'DeviceMissing',
        `device ${name}: nothing is behind ${path} (${code}): attach it`,
        { cause: error },
      );
    throw error;
  }
}

/** Whether a refusal means that the kernel keeps us from a block device, since somebody has it. */
export const isHeld = (error: unknown): boolean =>
  error instanceof PoolRefusal && codeOf(error.cause) === 'EBUSY';

function statOf(path: string, name: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw new PoolRefusal(
      'DeviceMissing',
      `device ${name}: ${path} is not there (${codeOf(error)}): attach it`,
      { cause: error },
    );
  }
}

function lockOrRefuse(path: string, name: string): number {
  const lock = lockFile(path);
  if (lock === undefined)
    throw new PoolRefusal('DeviceInUse', `device ${name} (${path}) is open in another process: stop it`);
  return lock;
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

/** Nothing is under way on it any more. Rejects with the system's error. */
export async function closePath({ descriptor, throughDescriptor, lock }: OpenedPath): Promise<void> {
  closeSync(throughDescriptor);
  await new Promise<void>((resolve, reject) =>
    close(descriptor, (error) => (error === null || error === undefined ? resolve() : reject(error))),
  );
  if (lock !== undefined) closeSync(lock);
}
