/**
 * What initiators are told of the room in the pools (SBC-3 §4.7.3.7): how much there is, and below how much they are
 * warned. The threshold is the pool's own, at which it warns; a volume that does not know its room has none.
 */
import type { VolumeSpace } from '../volume.ts';
import { sectorBytes } from './block-limits.ts';

/** Resources are counted in threshold sets of 2^11 sectors: a mebibyte. */
const thresholdExponent = 11;
const thresholdSetBytes = sectorBytes * 2 ** thresholdExponent;
const availableResource = 0x01;

const u16 = (value: number) => [value >> 8, value & 0xff];
const u32 = (value: number) => [...u16(value >>> 16), ...u16(value & 0xffff)];
const sets = (bytes: number) => u32(Math.min(Math.floor(bytes / thresholdSetBytes), 0xffff_ffff));

/** VPD page B2: UNMAP, WRITE SAME(16) and WRITE SAME(10) unmap; what is unmapped reads as zeros; thin. */
export const provisioningVpdPage = (space: VolumeSpace | undefined): Uint8Array =>
  Uint8Array.of(space === undefined ? 0 : thresholdExponent, 0xe4, 0x02, 0);

/** Mode page 1C/02 with one soft threshold, armed while the available resource decreases (§6.5.8). Nothing can be changed. */
export function provisioningModePage({ lowBytes }: VolumeSpace): Uint8Array {
  const threshold = [0x80, availableResource, 0, 0, ...sets(lowBytes)];
  const body = [...new Uint8Array(12), ...threshold];
  return Uint8Array.from([0x40 | 0x1c, 0x02, ...u16(body.length), ...body]);
}

/** A parameter of log page 0C (§6.4.5): what is available, shared with the other volumes of the pools. */
export function availableLogParameter({ freeBytes }: VolumeSpace): LogParameter {
  const notDedicated = 0x02;
  return { code: availableResource, value: Uint8Array.from([...sets(freeBytes), notDedicated, 0, 0, 0]) };
}

export interface LogParameter {
  readonly code: number;
  readonly value: Uint8Array;
}
