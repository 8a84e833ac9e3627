/** The records of one commit group, back from its bytes. */
import type { VolumeNote } from '../volume/volume-journal.ts';
import type { VolumeProperties } from '../volume-store.ts';
import type { BatchPlace } from '../space/block-space.ts';
import { pointerBytes, recordHeadBytes, recordKind } from './record-buffer.ts';

export type LogRecord =
  | {
      readonly kind: 'wrote' | 'copied';
      readonly slot: number;
      /** 0 for copied blocks. */
      readonly number: number;
      readonly block: number;
      readonly count: number;
      /** The pointers, from word `at` on: the group's own bytes, which whoever has the group may change. */
      readonly words: Uint32Array;
      readonly at: number;
    }
  | { readonly kind: 'note'; readonly slot: number; readonly note: VolumeNote }
  | { readonly kind: 'batch'; readonly batch: number; readonly place: BatchPlace }
  | {
      readonly kind: 'inline';
      readonly nameLow: number;
      readonly nameHigh: number;
      readonly stored: Uint8Array;
    };

/** Bytes that passed their checksum and are not what this release writes. */
export class UnknownRecordError extends Error {
  override readonly name = 'UnknownRecordError';
}

/** All records in order. Throws UnknownRecordError. Hundreds of thousands at an import: no memory is taken for each. */
export function* readRecords(bytes: Uint8Array): Generator<LogRecord> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words = wordsOf(bytes);
  for (let at = 0; at < bytes.byteLength;) {
    const kind = view.getUint16(at, true);
    const slot = view.getUint16(at + 2, true);
    const length = view.getUint32(at + 4, true);
    const body = at + recordHeadBytes;
    if (length > bytes.byteLength - body) throw new UnknownRecordError(`a record of ${length} bytes`);
    if (kind === recordKind.wrote || kind === recordKind.copied)
      yield decodePut(kind, slot, view, body, length, words);
    else yield decode(kind, slot, bytes.subarray(body, body + length));
    at = body + Math.ceil(length / 8) * 8;
  }
}

/** Records begin at multiples of 8, so their pointers are whole words. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const own = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(own.buffer, own.byteOffset, Math.floor(bytes.byteLength / 4));
}

const putHeadBytes = 24;

function decodePut(
  kind: number,
  slot: number,
  view: DataView,
  body: number,
  lengthBytes: number,
  words: Uint32Array,
): LogRecord {
  const u64 = (at: number) => view.getUint32(body + at, true) + view.getUint32(body + at + 4, true) * 2 ** 32;
  const count = u64(16);
  if (putHeadBytes + count * pointerBytes > lengthBytes)
    throw new UnknownRecordError(`a record of ${lengthBytes} bytes with ${count} pointers`);
  return {
    kind: kind === recordKind.wrote ? 'wrote' : 'copied',
    slot,
    number: u64(0),
    block: u64(8),
    count,
    words,
    at: (body + putHeadBytes) / 4,
  };
}

function decode(kind: number, slot: number, body: Uint8Array): LogRecord {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const u64 = (at: number) => view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  switch (kind) {
    case recordKind.batch: {
      const [group, segment, firstUnit] = [8, 12, 16].map((at) => view.getUint32(at, true));
      return {
        kind: 'batch',
        batch: u64(0),
        place: { group: group ?? 0, segment: segment ?? 0, firstUnit: firstUnit ?? 0 },
      };
    }
    case recordKind.inline:
      return {
        kind: 'inline',
        nameLow: view.getUint32(0, true),
        nameHigh: view.getUint32(4, true),
        stored: body.subarray(8),
      };
    default:
      return { kind: 'note', slot, note: decodeNote(kind, body, u64) };
  }
}

function decodeNote(kind: number, body: Uint8Array, u64: (at: number) => number): VolumeNote {
  const text = () => new TextDecoder().decode(body);
  switch (kind) {
    case recordKind.unmap:
      return { do: 'unmap', number: u64(0), block: u64(8), count: u64(16) };
    case recordKind.copyHole:
      return { do: 'copyHole', birth: u64(0), block: u64(8), count: u64(16) };
    case recordKind.advance:
      return { do: 'advance', number: u64(0) };
    case recordKind.resize:
      return { do: 'resize', number: u64(0), sizeBytes: u64(8) };
    case recordKind.setRecord:
      return { do: 'setRecord', record: body.slice() };
    case recordKind.setProperties:
      return { do: 'setProperties', properties: JSON.parse(text()) as VolumeProperties };
    case recordKind.setAnnotations:
      return { do: 'setAnnotations', annotations: body.slice() };
    case recordKind.snapshot:
      return { do: 'snapshot', name: text() };
    case recordKind.deleteSnapshot:
      return { do: 'deleteSnapshot', name: text() };
    case recordKind.rollback:
      return { do: 'rollback', name: text() };
    default:
      throw new UnknownRecordError(`a record of kind ${kind}`);
  }
}
