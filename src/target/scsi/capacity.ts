/** READ CAPACITY (SBC-3 §5.15, §5.16) and GET LBA STATUS (§5.4). */
import { sectorBytes, sectorsPerPhysicalBlockExponent } from './block-limits.ts';
import type { Cdb } from './cdb.ts';
import { badField } from './sense.ts';
import { answer, type ScsiResult } from './status.ts';
import { extentOf, type Run } from './unit.ts';

export function readCapacity10(cdb: Cdb, sizeBytes: number): ScsiResult {
  // The LBA field belongs to the obsolete PMI bit: without it, it must be zero.
  if (!cdb.bit(8, 0) && cdb.u32(2) !== 0) throw badField(2, 7);
  const data = new DataView(new ArrayBuffer(8));
  data.setUint32(0, Math.min(sizeBytes / sectorBytes - 1, 0xffff_ffff));
  data.setUint32(4, sectorBytes);
  return answer(new Uint8Array(data.buffer), data.byteLength);
}

export function readCapacity16(cdb: Cdb, sizeBytes: number): ScsiResult {
  const data = new DataView(new ArrayBuffer(32));
  const lastSector = sizeBytes / sectorBytes - 1;
  data.setUint32(0, Math.floor(lastSector / 2 ** 32));
  data.setUint32(4, lastSector >>> 0);
  data.setUint32(8, sectorBytes);
  data.setUint8(13, sectorsPerPhysicalBlockExponent);
  data.setUint16(14, 0xc000); // thin (LBPME), unmapped sectors read as zeros (LBPRZ), aligned at 0
  return answer(new Uint8Array(data.buffer), cdb.u32(10));
}

const statusHeaderBytes = 8;
const statusDescriptorBytes = 16;
/** Most descriptors of one answer, whatever the initiator has room for. */
const statusDescriptorsMax = 64;
/** How far one look goes; an initiator that wants to know more asks on from there. */
const lookBytesMax = 1 << 30;

/** Which sectors from the LBA on are mapped (0) and which are not (1). */
export const getLbaStatus: Run = async (unit, { cdb }) => {
  const { volume } = unit;
  const { offsetBytes } = extentOf(unit, cdb.u64(2), 1, { sectorsMax: 1 });
  const allocationBytes = cdb.u32(10);
  const fit = Math.floor((allocationBytes - statusHeaderBytes) / statusDescriptorBytes);
  const count = Math.max(1, Math.min(fit, statusDescriptorsMax));
  const descriptors: number[] = [];
  for (let at = offsetBytes; at < volume.sizeBytes && descriptors.length < count * statusDescriptorBytes;) {
    const restBytes = Math.min(lookBytesMax, volume.sizeBytes - at);
    const { mapped, lengthBytes } = (await volume.mapping?.(at, restBytes)) ?? {
      mapped: true,
      lengthBytes: restBytes,
    };
    descriptors.push(...u64(at / sectorBytes), ...u32(lengthBytes / sectorBytes), mapped ? 0 : 1, 0, 0, 0);
    at += lengthBytes;
  }
  return answer(
    Uint8Array.from([...u32(4 + descriptors.length), 0, 0, 0, 0, ...descriptors]),
    allocationBytes,
  );
};

const u32 = (value: number) => [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
const u64 = (value: number) => [...u32(Math.floor(value / 2 ** 32)), ...u32(value >>> 0)];
