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
      /** The pointers, from word 0; the reader's own copy. */
      readonly words: Uint32Array;
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

/** All records in order. Throws UnknownRecordError. */
export function* readRecords(bytes: Uint8Array): Generator<LogRecord> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.byteLength;) {
    const kind = view.getUint16(at, true);
    const slot = view.getUint16(at + 2, true);
    const length = view.getUint32(at + 4, true);
    const body = at + recordHeadBytes;
    if (length > bytes.byteLength - body) throw new UnknownRecordError(`a record of ${length} bytes`);
    yield decode(kind, slot, bytes.subarray(body, body + length));
    at = body + Math.ceil(length / 8) * 8;
  }
}

function decode(kind: number, slot: number, body: Uint8Array): LogRecord {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const u64 = (at: number) => view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  switch (kind) {
    case recordKind.wrote:
    case recordKind.copied: {
      const count = u64(16);
      return {
        kind: kind === recordKind.wrote ? 'wrote' : 'copied',
        slot,
        number: u64(0),
        block: u64(8),
        count,
        words: new Uint32Array(body.slice(24, 24 + count * pointerBytes).buffer),
      };
    }
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
