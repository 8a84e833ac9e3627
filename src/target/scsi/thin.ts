/** UNMAP and WRITE SAME (SBC-3 §5.28, §5.43): what makes a thin volume smaller again. */
import { blockLimits, sectorBytes } from './block-limits.ts';
import type { Cdb } from './cdb.ts';
import { badField, CheckCondition } from './sense.ts';
import { done } from './status.ts';
import { checkWritable, extentOf, type Extent, type Run, type Unit } from './unit.ts';

const badList = (byte: number) => new CheckCondition('invalidFieldInList', { field: { inCdb: false, byte } });
const descriptorBytes = 16;
const headerBytes = 8;

/** All ranges are checked before the first is unmapped. */
export const unmap: Run = async (unit, { cdb, dataOut }) => {
  if (cdb.bit(1, 0)) throw badField(1, 0); // ANCHOR
  const listBytes = cdb.u16(7);
  if (listBytes === 0) return done;
  const transferBytes = listBytes;
  if (listBytes < headerBytes || dataOut.byteLength < listBytes)
    throw new CheckCondition('parameterListLength', { transferBytes });
  checkWritable(unit);
  for (const { offsetBytes, lengthBytes } of unmapExtents(unit, dataOut.subarray(0, listBytes)))
    if (lengthBytes > 0) await unit.volume.unmap(offsetBytes, lengthBytes);
  return { ...done, transferBytes };
};

function unmapExtents(unit: Unit, list: Uint8Array): readonly Extent[] {
  const view = new DataView(list.buffer, list.byteOffset, list.byteLength);
  const announced = Math.min(view.getUint16(2), list.byteLength - headerBytes);
  const count = Math.floor(announced / descriptorBytes);
  if (count > blockLimits.unmapDescriptorsMax) throw badList(2);
  const extents: Extent[] = [];
  let sectorsSum = 0;
  for (let at = headerBytes; extents.length < count; at += descriptorBytes) {
    const lba = view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
    const sectors = view.getUint32(at + 8);
    sectorsSum += sectors;
    extents.push(extentOf(unit, lba, sectors, { sectorsMax: Number.MAX_SAFE_INTEGER }));
    if (sectorsSum > blockLimits.unmapSectorsMax) throw badList(at + 8);
  }
  return extents;
}

/** Largest piece of a pattern that is written at a time. */
const pieceBytes = 1 << 20;

/** Zeros are unmapped: they read the same and take no space. Any other pattern is written out. */
async function writePattern(unit: Unit, extent: Extent, sector: Uint8Array): Promise<void> {
  if (extent.lengthBytes === 0) return;
  if (sector.every((byte) => byte === 0)) return unit.volume.unmap(extent.offsetBytes, extent.lengthBytes);
  for (let at = 0; at < extent.lengthBytes; at += pieceBytes) {
    const data = new Uint8Array(Math.min(pieceBytes, extent.lengthBytes - at));
    for (let i = 0; i < data.byteLength; i += sectorBytes) data.set(sector, i);
    await unit.volume.write(extent.offsetBytes + at, data);
  }
}

function writeSameRange(unit: Unit, cdb: Cdb, sixteen: boolean): Extent {
  const flags = cdb.u8(1);
  // WRPROTECT, ANCHOR and the obsolete PBDATA and LBDATA are not supported.
  if ((flags & 0xf6) !== 0) throw badField(1);
  if (!sixteen && (flags & 1) !== 0) throw badField(1, 0);
  const lba = sixteen ? cdb.u64(2) : cdb.u32(2);
  const asked = sixteen ? cdb.u32(10) : cdb.u16(7);
  // WSNZ: zero would mean "to the end", which is more than one command may do.
  if (asked === 0) throw badField(sixteen ? 10 : 7);
  return extentOf(unit, lba, asked, { sectorsMax: blockLimits.writeSameSectorsMax });
}

export const writeSame =
  (sixteen: boolean): Run =>
  async (unit, { cdb, dataOut }) => {
    const extent = writeSameRange(unit, cdb, sixteen);
    checkWritable(unit);
    const noData = sixteen && cdb.bit(1, 0); // NDOB: zeros
    const transferBytes = noData ? 0 : sectorBytes;
    if (dataOut.byteLength !== transferBytes && !noData)
      throw new CheckCondition('invalidInformationUnit', { transferBytes });
    await writePattern(unit, extent, noData ? new Uint8Array(sectorBytes) : dataOut);
    return { ...done, transferBytes };
  };
