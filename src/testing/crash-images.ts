/** What a power cut leaves of a device, made from the log of a MemoryDevice. */
import type { Prng } from '../shared/prng.ts';
import { applyWrite, type DeviceOp, type Image, type MemoryDevice } from './memory-device.ts';

const sectorBytes = 512;
const unitBytes = 4096;

/** Only what was flushed. */
export function flushedImage(device: MemoryDevice): Image {
  const { start, ops } = device.history();
  const flushed = ops.findLastIndex((op) => op.do === 'flush') + 1;
  return replay(start, ops.slice(0, flushed));
}

export function replay(start: Image, ops: readonly DeviceOp[]): Image {
  const units = new Map(start);
  for (const op of ops) if (op.do === 'write') applyWrite(units, op.offsetBytes, op.data);
  return units;
}

/** Every image a cut after `ops` may leave: all before the last flush, any subset of the writes behind it. */
export function* crashImages(start: Image, ops: readonly DeviceOp[]): Generator<Image> {
  const flushed = ops.findLastIndex((op) => op.do === 'flush') + 1;
  const base = replay(start, ops.slice(0, flushed));
  const inFlight = ops.slice(flushed);
  for (let subset = 0; subset < 1 << inFlight.length; subset++)
    yield replay(
      base,
      inFlight.filter((_, i) => subset & (1 << i)),
    );
}

/** One image at random: of each unflushed write all, nothing, or some of its sectors. */
export function randomCrashImage(start: Image, ops: readonly DeviceOp[], random: Prng): Image {
  const flushed = ops.findLastIndex((op) => op.do === 'flush') + 1;
  const units = new Map(replay(start, ops.slice(0, flushed)));
  for (const op of ops.slice(flushed)) {
    if (op.do === 'flush' || random.chance(0.3)) continue;
    if (random.chance(0.5)) applyWrite(units, op.offsetBytes, op.data);
    else tear(units, op.offsetBytes, op.data, random);
  }
  return units;
}

function tear(units: Map<number, Uint8Array>, offsetBytes: number, data: Uint8Array, random: Prng): void {
  for (let at = 0; at < data.byteLength; at += sectorBytes) {
    if (random.chance(0.5)) continue;
    const unit = Math.floor((offsetBytes + at) / unitBytes);
    const bytes = (units.get(unit) ?? new Uint8Array(unitBytes)).slice();
    bytes.set(data.subarray(at, at + sectorBytes), (offsetBytes + at) % unitBytes);
    units.set(unit, bytes);
  }
}
