/**
 * A unit of an item says where it stands and which checkpoint wrote it, so that a stale or misdirected one is found out:
 *
 *   0 checksum 16, over the rest   16 group u32   20 segment u32   24 unit u32   28 checkpoint, low 32 bits   32 payload
 */
import { blockBytes } from '../../../shared/block-size.ts';
import { checksumBytes, saltKind } from '../checksum.ts';

const payloadAt = 32;
export const itemPayloadBytes = blockBytes - payloadAt;

export interface UnitPlace {
  readonly group: number;
  readonly segment: number;
  readonly unit: number;
  readonly txg: number;
}

/** A unit with at most `itemPayloadBytes` of payload, zeros behind. */
export function encodeItemUnit(place: UnitPlace, payload: Uint8Array): Uint8Array {
  const unit = new Uint8Array(blockBytes);
  unit.set(payload, payloadAt);
  putPlace(new DataView(unit.buffer), 16, place);
  unit.set(checksumBytes(unit.subarray(16), 0, saltKind.item), 0);
  return unit;
}

/** Whether the unit at `from` is what was written at this place in this checkpoint. */
export function isItemUnit(bytes: Uint8Array, from: number, place: UnitPlace): boolean {
  const expected = new DataView(new ArrayBuffer(16));
  putPlace(expected, 0, place);
  const view = new DataView(bytes.buffer, bytes.byteOffset + from, blockBytes);
  for (let at = 0; at < 16; at += 4) if (view.getUint32(16 + at) !== expected.getUint32(at)) return false;
  const sum = checksumBytes(bytes.subarray(from + 16, from + blockBytes), 0, saltKind.item);
  return sum.every((byte, i) => bytes[from + i] === byte);
}

export const payloadOf = (bytes: Uint8Array, from: number): Uint8Array =>
  bytes.subarray(from + payloadAt, from + blockBytes);

function putPlace(view: DataView, at: number, { group, segment, unit, txg }: UnitPlace): void {
  view.setUint32(at, group, true);
  view.setUint32(at + 4, segment, true);
  view.setUint32(at + 8, unit, true);
  view.setUint32(at + 12, txg >>> 0, true);
}
