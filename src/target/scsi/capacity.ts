/** READ CAPACITY (SBC-3 §5.15, §5.16). */
import { sectorBytes, sectorsPerPhysicalBlockExponent } from './block-limits.ts';
import type { Cdb } from './cdb.ts';
import { badField } from './sense.ts';
import { answer, type ScsiResult } from './status.ts';

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
