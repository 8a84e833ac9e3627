/** WRITE ATOMIC(16) (SBC-4 §5.48): all of it or nothing, for every reader and after every crash. */
import { sectorBytes, sectorsPerPhysicalBlockExponent } from './block-limits.ts';
import { badField, CheckCondition } from './sense.ts';
import { done } from './status.ts';
import { checkWritable, extentOf, type Run } from './unit.ts';

/** Alignment and granularity: a physical block. */
export const atomicSectors = 1 << sectorsPerPhysicalBlockExponent;

export const writeAtomic: Run = async (unit, { cdb, nexus, dataOut }) => {
  const { volume } = unit;
  const { atomicBytesMax = 0 } = volume;
  if (atomicBytesMax === 0) throw new CheckCondition('invalidOpcode');
  if (cdb.u8(1) >> 5 !== 0) throw badField(1, 7); // protection information
  if (cdb.u16(10) !== 0) throw badField(10); // ATOMIC BOUNDARY
  const [lba, sectors] = [cdb.u64(2), cdb.u16(12)];
  const { offsetBytes, lengthBytes } = extentOf(unit, lba, sectors, { sectorsMax: Number.MAX_SAFE_INTEGER });
  if (lba % atomicSectors !== 0) throw badField(2, 7);
  if (sectors % atomicSectors !== 0 || sectors * sectorBytes > atomicBytesMax) throw badField(12, 7);
  checkWritable(unit);
  const result = { ...done, transferBytes: lengthBytes };
  if (lengthBytes === 0) return result;
  // A part of it would not be all of it.
  if (dataOut.byteLength < lengthBytes)
    throw new CheckCondition('invalidInformationUnit', { transferBytes: lengthBytes });
  await volume.write(offsetBytes, dataOut.subarray(0, lengthBytes), {
    initiator: nexus.initiator,
    fua: cdb.bit(1, 3),
    atomic: true,
  });
  return result;
};
