/** FORMAT UNIT (SBC-3 §5.3) and SEND DIAGNOSTIC (SPC-4 §6.42): mandatory, and little to do on a volume of pools. */
import { blockLimits, sectorBytes } from './block-limits.ts';
import { badField } from './sense.ts';
import { done } from './status.ts';
import { checkWritable, type Run } from './unit.ts';

const pieceBytes = blockLimits.unmapSectorsMax * sectorBytes;

/** The whole volume reads as zeros and takes no space. Protection, defect lists and patterns are not supported. */
export const formatUnit: Run = async (unit, { cdb }) => {
  if ((cdb.u8(1) & 0xff) !== 0) throw badField(1);
  checkWritable(unit);
  const { volume } = unit;
  const { sizeBytes } = volume;
  for (let at = 0; at < sizeBytes; at += pieceBytes)
    await volume.unmap(at, Math.min(pieceBytes, sizeBytes - at));
  return done;
};

/** The default self-test: what can be read, is. There are no diagnostic pages. */
export const sendDiagnostic: Run = async (unit, { cdb }) => {
  const selfTest = cdb.bit(1, 2);
  if ((cdb.u8(1) & ~0x04) !== 0 || !selfTest) throw badField(1);
  if (cdb.u16(3) !== 0) throw badField(3);
  await unit.volume.read(0, sectorBytes);
  return done;
};
