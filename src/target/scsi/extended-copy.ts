/**
 * EXTENDED COPY(LID1) and RECEIVE COPY RESULTS (SPC-4 §6.5, §6.21-§6.25): copies within the unit without the data passing
 * through the initiator. It is answered when the copy is made.
 */
import { sectorBytes } from './block-limits.ts';
import { copyLimits, descriptorType, parseCopyList, type CopySegment } from './copy-list.ts';
import type { Nexus } from './nexus.ts';
import { badField, CheckCondition, senseOf } from './sense.ts';
import { answer, done } from './status.ts';
import { checkWritable, type Run, type Unit } from './unit.ts';

/** What RECEIVE COPY RESULTS can tell of a copy of this nexus. */
export interface CopyRecord {
  state: 'running' | 'completed' | 'failed';
  segments: number;
  copiedBytes: number;
}

/** What is read and written at a time. */
const pieceBytes = 1 << 20;

export const extendedCopy: Run = async (unit, { cdb, nexus, dataOut }) => {
  const listBytes = cdb.u32(10);
  if (listBytes === 0) return done;
  if (dataOut.byteLength < listBytes) throw new CheckCondition('parameterListLength');
  const { listId, held, segments } = parseCopyList(dataOut.subarray(0, listBytes), unit.identity);
  checkWritable(unit);
  const record: CopyRecord = { state: 'running', segments: 0, copiedBytes: 0 };
  if (held) remember(nexus, listId, record);
  try {
    for (const segment of segments) {
      await copySegment(unit, segment, record);
      record.segments += 1;
    }
    record.state = 'completed';
  } finally {
    if (record.state === 'running') record.state = 'failed';
  }
  return { ...done, transferBytes: listBytes };
};

/** Of more copies than can be asked about the oldest is forgotten. */
function remember(nexus: Nexus, listId: number, record: CopyRecord): void {
  if (nexus.copies.get(listId)?.state === 'running') throw badList(0);
  nexus.copies.delete(listId);
  const [oldest] = nexus.copies.keys();
  if (nexus.copies.size >= copyLimits.heldMax && oldest !== undefined) nexus.copies.delete(oldest);
  nexus.copies.set(listId, record);
}
const badList = (byte: number) => new CheckCondition('invalidFieldInList', { field: { inCdb: false, byte } });

async function copySegment(unit: Unit, segment: CopySegment, record: CopyRecord): Promise<void> {
  const { volume } = unit;
  const { sourceLba, destinationLba, sectors } = segment;
  const end = volume.sizeBytes / sectorBytes - sectors;
  if (sourceLba > end || destinationLba > end) throw new CheckCondition('copyAborted');
  const [from, to, lengthBytes] = [sourceLba, destinationLba, sectors].map(
    (count) => count * sectorBytes,
  ) as [number, number, number];
  const pieces = Array.from({ length: Math.ceil(lengthBytes / pieceBytes) }, (_, i) => i * pieceBytes);
  // Where the ranges overlap, nothing may be overwritten before it is copied.
  if (to > from) pieces.reverse();
  for (const at of pieces) {
    const bytes = Math.min(pieceBytes, lengthBytes - at);
    // Its own copy: a volume keeps what it is given.
    const data = new Uint8Array(await volume.read(from + at, bytes));
    await volume.write(to + at, data);
    record.copiedBytes += bytes;
  }
}

const u16 = (value: number) => [(value >> 8) & 0xff, value & 0xff];
const u32 = (value: number) => [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];

/** Throws where this nexus has made no such copy. */
function recordOf(nexus: Nexus, listId: number): CopyRecord {
  const record = nexus.copies.get(listId);
  if (record === undefined) throw badField(2, 7);
  return record;
}

export const copyStatus: Run = (_unit, { cdb, nexus }) => {
  const { state, segments, copiedBytes } = recordOf(nexus, cdb.u8(2));
  const status = { running: 0, completed: 1, failed: 2 }[state];
  const kibibytes = 1;
  const data = [...u32(8), status, ...u16(segments), kibibytes, ...u32(Math.floor(copiedBytes / 1024))];
  return answer(Uint8Array.from(data), cdb.u32(10));
};

/** No segment that we know holds data for the initiator. */
export const copyData: Run = (_unit, { cdb, nexus }) => {
  recordOf(nexus, cdb.u8(2));
  return answer(new Uint8Array(4), cdb.u32(10));
};

/** Empty unless the copy failed; then the status and sense that the command ended with. */
export const failureDetails: Run = (_unit, { cdb, nexus }) => {
  const { state } = recordOf(nexus, cdb.u8(2));
  if (state !== 'failed') return answer(new Uint8Array(4), cdb.u32(10));
  const sense = senseOf({ condition: 'copyAborted', information: undefined, field: undefined }, false);
  const head = new Uint8Array(60);
  head.set(u32(56 + sense.byteLength));
  head[56] = 0x02;
  head.set(u16(sense.byteLength), 58);
  return answer(Uint8Array.from([...head, ...sense]), cdb.u32(10));
};

export const operatingParameters: Run = (_unit, { cdb }) => {
  const types = Object.values(descriptorType);
  const data = new Uint8Array(44 + types.length);
  const view = new DataView(data.buffer);
  view.setUint32(0, data.byteLength - 4);
  data[4] = 0x01; // SNLID: a list needs no identifier
  view.setUint16(8, copyLimits.targetsMax);
  view.setUint16(10, copyLimits.segmentsMax);
  view.setUint32(12, copyLimits.descriptorBytesMax);
  view.setUint32(16, copyLimits.segmentBytesMax);
  view.setUint16(34, copyLimits.heldMax);
  data[36] = copyLimits.heldMax;
  data[37] = 9; // segments count in sectors: 2^9 bytes
  data[43] = types.length;
  data.set(types, 44);
  return answer(data, cdb.u32(10));
};
