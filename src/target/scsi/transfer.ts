/** READ, WRITE, VERIFY and their kin of 6, 10, 12 and 16 bytes (SBC-3 §5): one decoder for the shapes, one function each. */
import { blockLimits, sectorBytes } from './block-limits.ts';
import type { Cdb } from './cdb.ts';
import { badField, CheckCondition } from './sense.ts';
import { done, scsiStatus, type ScsiResult } from './status.ts';
import { checkWritable, extentOf, type Extent, type Run, type ScsiCommand, type Unit } from './unit.ts';

/** Where LBA and transfer length stand, by the length of the CDB. */
const shapes = {
  6: (cdb: Cdb) => ({ lba: cdb.u24(1) & 0x1f_ffff, sectors: cdb.u8(4) === 0 ? 256 : cdb.u8(4) }),
  10: (cdb: Cdb) => ({ lba: cdb.u32(2), sectors: cdb.u16(7) }),
  12: (cdb: Cdb) => ({ lba: cdb.u32(2), sectors: cdb.u32(6) }),
  16: (cdb: Cdb) => ({ lba: cdb.u64(2), sectors: cdb.u32(10) }),
} as const;
export type Shape = keyof typeof shapes;

const sectorsMax = blockLimits.transferSectorsMax;
/** Largest piece that a check of the medium reads at a time. */
const pieceBytes = 1 << 20;

/** The range of a command; protection information is not supported (byte 1, bits 7-5 must be zero). */
export function rangeOf(unit: Unit, cdb: Cdb, shape: Shape): Extent {
  if (shape !== 6 && cdb.u8(1) >> 5 !== 0) throw badField(1, 7);
  const { lba, sectors } = shapes[shape](cdb);
  return extentOf(unit, lba, sectors, { sectorsMax, at: shape === 6 ? 1 : 2 });
}

export const read =
  (shape: Shape): Run =>
  (unit, { cdb, roomBytes }) => {
    const { offsetBytes, lengthBytes } = rangeOf(unit, cdb, shape);
    // What the initiator has no room for is not fetched.
    const wantedBytes = Math.min(lengthBytes, Math.ceil(roomBytes / sectorBytes) * sectorBytes);
    if (wantedBytes === 0) return { ...done, transferBytes: lengthBytes };
    return unit.volume
      .read(offsetBytes, wantedBytes)
      .then((data) => ({ status: scsiStatus.good, data, transferBytes: lengthBytes }));
  };

/** The part of the range for which data came. An initiator may send less than the CDB says (the residual tells it). */
function dataFor(extent: Extent, dataOut: Uint8Array): Uint8Array {
  if (dataOut.byteLength >= extent.lengthBytes)
    return dataOut.byteLength === extent.lengthBytes ? dataOut : dataOut.subarray(0, extent.lengthBytes);
  if (dataOut.byteLength % sectorBytes !== 0)
    throw new CheckCondition('invalidInformationUnit', { transferBytes: extent.lengthBytes });
  return dataOut;
}

export const write =
  (shape: Shape): Run =>
  (unit, { cdb, nexus, dataOut }) => {
    const extent = rangeOf(unit, cdb, shape);
    checkWritable(unit);
    const data = dataFor(extent, dataOut);
    const result = { ...done, transferBytes: extent.lengthBytes };
    if (data.byteLength === 0) return result;
    const fua = shape !== 6 && cdb.bit(1, 3);
    return unit.volume
      .write(extent.offsetBytes, data, { fua, initiator: nexus.initiator })
      .then(() => result);
  };

/** How the data that came is compared (SBC-3 §5.33): not at all, all of it, or one sector with each. */
function byteCheck(cdb: Cdb): 'none' | 'all' | 'each' {
  const value = (cdb.u8(1) >> 1) & 3;
  if (value === 2) throw badField(1, 2);
  return value === 0 ? 'none' : value === 1 ? 'all' : 'each';
}

/** Reads the range in pieces; where `expected` is given, the first difference ends it with MISCOMPARE. */
async function checkMedium(unit: Unit, extent: Extent, expected?: Uint8Array): Promise<void> {
  for (let at = 0; at < extent.lengthBytes; at += pieceBytes) {
    const bytes = Math.min(pieceBytes, extent.lengthBytes - at);
    const stored = await unit.volume.read(extent.offsetBytes + at, bytes);
    const wanted = expected?.subarray(at, at + bytes);
    if (wanted === undefined || Buffer.compare(stored.subarray(0, wanted.byteLength), wanted) === 0) continue;
    const differs = wanted.findIndex((byte, index) => byte !== stored[index]);
    throw new CheckCondition('miscompare', { information: at + differs, transferBytes: extent.lengthBytes });
  }
}

function repeat(sector: Uint8Array, lengthBytes: number): Uint8Array {
  const data = new Uint8Array(lengthBytes);
  for (let at = 0; at < lengthBytes; at += sector.byteLength) data.set(sector, at);
  return data;
}

export const verify =
  (shape: Shape): Run =>
  async (unit, { cdb, dataOut }) => {
    const extent = rangeOf(unit, cdb, shape);
    const check = byteCheck(cdb);
    if (check === 'none') {
      await checkMedium(unit, extent);
      return done;
    }
    const transferBytes = check === 'all' || extent.lengthBytes === 0 ? extent.lengthBytes : sectorBytes;
    const data = dataFor({ ...extent, lengthBytes: transferBytes }, dataOut);
    const expected = check === 'all' ? data : repeat(data, data.byteLength === 0 ? 0 : extent.lengthBytes);
    await checkMedium(unit, extent, expected);
    return { ...done, transferBytes };
  };

export const writeAndVerify =
  (shape: Shape): Run =>
  async (unit, { cdb, nexus, dataOut }) => {
    const extent = rangeOf(unit, cdb, shape);
    const check = byteCheck(cdb);
    if (check === 'each') throw badField(1, 2);
    checkWritable(unit);
    const data = dataFor(extent, dataOut);
    if (data.byteLength > 0) {
      const expected = check === 'all' ? new Uint8Array(data) : undefined;
      await unit.volume.write(extent.offsetBytes, data, { fua: true, initiator: nexus.initiator });
      await checkMedium(unit, { ...extent, lengthBytes: data.byteLength }, expected);
    }
    return { ...done, transferBytes: extent.lengthBytes };
  };

/** Nothing is fetched ahead: the answer says only that the range exists. */
export const prefetch =
  (shape: Shape): Run =>
  (unit, { cdb }) => {
    const { lba, sectors } = shapes[shape](cdb);
    extentOf(unit, lba, sectors, { sectorsMax: Number.MAX_SAFE_INTEGER });
    return done;
  };

/** COMPARE AND WRITE (SBC-3 §5.2): the data is what is expected, then what is to be written. */
export const compareAndWrite: Run = async (unit, { cdb, nexus, dataOut }) => {
  if (cdb.u8(1) >> 5 !== 0) throw badField(1, 7);
  const sectors = cdb.u8(13);
  if (sectors > blockLimits.compareSectorsMax) throw badField(13);
  const extent = extentOf(unit, cdb.u64(2), sectors, { sectorsMax: blockLimits.compareSectorsMax });
  checkWritable(unit);
  const { lengthBytes } = extent;
  // Also where the initiator cut its number of blocks down to the byte that this field is.
  if (dataOut.byteLength !== 2 * lengthBytes) throw badField(13);
  if (lengthBytes > 0) await compareThenWrite(unit, extent, dataOut);
  if (lengthBytes > 0 && cdb.bit(1, 3)) await unit.volume.flush({ initiator: nexus.initiator });
  return { ...done, transferBytes: 2 * lengthBytes };
};

async function compareThenWrite(unit: Unit, extent: Extent, dataOut: Uint8Array): Promise<void> {
  const { offsetBytes, lengthBytes } = extent;
  const [expected, data] = [dataOut.subarray(0, lengthBytes), dataOut.subarray(lengthBytes)];
  const differs = await unit.volume.compareAndWrite(offsetBytes, expected, data);
  if (differs !== undefined)
    throw new CheckCondition('miscompare', { information: differs, transferBytes: 2 * lengthBytes });
}

/** How often ORWRITE tries again when somebody else wrote in between. */
const orAttemptsMax = 16;

/** ORWRITE(16) (SBC-3 §5.13): what is stored, or-ed with the data, as one step. */
export const orWrite: Run = async (unit, command: ScsiCommand): Promise<ScsiResult> => {
  const extent = rangeOf(unit, command.cdb, 16);
  checkWritable(unit);
  const data = dataFor(extent, command.dataOut);
  const result = { ...done, transferBytes: extent.lengthBytes };
  if (data.byteLength === 0) return result;
  for (let attempt = 0; attempt < orAttemptsMax; attempt++) {
    const stored = await unit.volume.read(extent.offsetBytes, data.byteLength);
    const merged = stored.map((byte, index) => byte | (data[index] ?? 0));
    if ((await unit.volume.compareAndWrite(extent.offsetBytes, stored, merged)) !== undefined) continue;
    if (command.cdb.bit(1, 3)) await unit.volume.flush({ initiator: command.nexus.initiator });
    return result;
  }
  return { status: scsiStatus.busy, transferBytes: 0 };
};
