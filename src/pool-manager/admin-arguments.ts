/** What a caller of proto/pool.proto may say: everything else is INVALID_ARGUMENT, with what to give instead. */
import { blockBytes } from '../shared/block-size.ts';
import { StatusError } from '../shared/grpc/status-error.ts';
import {
  compressions,
  defaultProperties,
  type Compression,
  type VolumeProperties,
} from './engine/volume-store.ts';

/** Whoever can not be told of another one waits no longer than this. */
const hintSecondsMax = 60;

export function requireHintSeconds(seconds: number): void {
  if (seconds < 1 || seconds > hintSecondsMax)
    throw new StatusError('INVALID_ARGUMENT', `seconds is ${seconds}: give 1 to ${hintSecondsMax}`);
}

export function requireSize(sizeBytes: number): void {
  if (sizeBytes <= 0 || sizeBytes % blockBytes !== 0)
    throw new StatusError(
      'INVALID_ARGUMENT',
      `size_bytes is ${sizeBytes}: give a multiple of ${blockBytes} above 0`,
    );
}

/** What the engine keeps for a volume besides its data. */
const descriptionBytesMax = 64 * 1024;

export function requireDescription(description: string): void {
  if (Buffer.byteLength(description) > descriptionBytesMax)
    throw new StatusError('INVALID_ARGUMENT', `description is longer than ${descriptionBytesMax} bytes`);
}

const scrubActions: Readonly<Record<string, 'start' | 'pause' | 'stop' | undefined>> = {
  SCRUB_ACTION_START: 'start',
  SCRUB_ACTION_PAUSE: 'pause',
  SCRUB_ACTION_STOP: 'stop',
};

/** `sharePercent`: 0: as before. */
export function scrubOf(action: string, sharePercent: number) {
  const wanted = scrubActions[action];
  if (wanted === undefined)
    throw new StatusError('INVALID_ARGUMENT', `action is ${action}: give START, PAUSE or STOP`);
  if (sharePercent > 100)
    throw new StatusError('INVALID_ARGUMENT', `share_percent is ${sharePercent}: give 1 to 100`);
  return { action: wanted, sharePercent: sharePercent === 0 ? undefined : sharePercent };
}

/** Of use, from which on nobody writes. */
export function percent(value: number): number {
  if (value >= 1 && value <= 100) return value;
  throw new StatusError('INVALID_ARGUMENT', `read_only_threshold_percent is ${value}: give 1 to 100`);
}

export function compressionOf(value: string): Compression {
  const found = compressions.find((compression) => compression === value);
  if (found !== undefined) return found;
  throw new StatusError('INVALID_ARGUMENT', `compression is "${value}": give ${compressions.join(', ')}`);
}

const zstdLevelMax = 19;

/** `zstdLevel`: 0: the usual one. */
export function volumeProperties(compression: string, zstdLevel: number): VolumeProperties {
  if (zstdLevel > zstdLevelMax)
    throw new StatusError('INVALID_ARGUMENT', `zstd_level is ${zstdLevel}: give 1 to ${zstdLevelMax}`);
  return { compression: compressionOf(compression), zstdLevel: zstdLevel || defaultProperties.zstdLevel };
}

/** Names end up in log lines, file names of users and metrics. */
export function requireName(field: string, name: string): void {
  if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(name))
    throw new StatusError(
      'INVALID_ARGUMENT',
      `${field} is ${JSON.stringify(name)}: give letters, digits, - and .`,
    );
}
