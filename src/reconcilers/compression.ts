/** cStor's names of compression, in the engine's words; ZFS's older ones become what serves the same purpose here. */
import type { Packing } from './volume-replica/plan.ts';

const zstdLevelUsual = 3;

export function compressionOf(name: string): string {
  if (name === 'off' || name === 'zstd') return name;
  return name.startsWith('gzip') ? 'zstd' : 'lz4';
}

/** Of a replica that shall have `name`; empty: what its pool has. Undefined: the pool does not say what that is. */
export function packingOf(name: string, ofPool: string): Packing | undefined {
  if (name === '') return ofPool === '' ? undefined : { compression: ofPool, zstdLevel: zstdLevelUsual };
  const level = /^gzip-([1-9])$/.exec(name)?.[1];
  return {
    compression: compressionOf(name),
    zstdLevel: level === undefined ? zstdLevelUsual : Number(level),
  };
}
