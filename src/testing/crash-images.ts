/** What a power cut leaves of a device, made from the log of a MemoryDevice. */
import type { Prng } from '../shared/prng.ts';
import { applyWrite, type DeviceOp, type Image, type MemoryDevice } from './memory-device.ts';

const sectorBytes = 512;
const unitBytes = 4096;

type Write = Extract<DeviceOp, { do: 'write' }>;

/** A moment in the life of a device: what is surely on it, and what may be. */
export interface Moment {
  readonly flushed: Image;
  readonly inFlight: readonly Write[];
}

/** Before operation `cut` of all devices (memory-device.ts, `operationsSoFar`); by default the end. */
export function momentOf(device: MemoryDevice, cut = Infinity): Moment {
  const { start, ops } = device.history();
  const done = ops.filter((op) => op.at < cut);
  const flushed = done.findLastIndex((op) => op.do === 'flush') + 1;
  return {
    flushed: replay(start, done.slice(0, flushed)),
    inFlight: done.slice(flushed).filter((op) => op.do === 'write'),
  };
}

/** Only what was flushed. */
export const flushedImage = (device: MemoryDevice): Image => momentOf(device).flushed;

function replay(start: Image, ops: readonly DeviceOp[]): Image {
  const units = new Map(start);
  for (const op of ops) if (op.do === 'write') applyWrite(units, op.offsetBytes, op.data);
  return units;
}

/** Every image that whole writes may leave: any subset of those that were not flushed. */
export function* crashImages({ flushed, inFlight }: Moment): Generator<Image> {
  for (let subset = 0; subset < 2 ** inFlight.length; subset++)
    yield replay(
      flushed,
      inFlight.filter((_, i) => subset & (1 << i)),
    );
}

/** One image at random: of each unflushed write all, nothing, or some of its sectors. */
export function randomCrashImage({ flushed, inFlight }: Moment, random: Prng): Image {
  const units = new Map(flushed);
  for (const write of inFlight) {
    if (random.chance(0.3)) continue;
    if (random.chance(0.5)) applyWrite(units, write.offsetBytes, write.data);
    else tear(units, write, random);
  }
  return units;
}

function tear(units: Map<number, Uint8Array>, { offsetBytes, data }: Write, random: Prng): void {
  for (let at = 0; at < data.byteLength; at += sectorBytes) {
    if (random.chance(0.5)) continue;
    const unit = Math.floor((offsetBytes + at) / unitBytes);
    const bytes = (units.get(unit) ?? new Uint8Array(unitBytes)).slice();
    bytes.set(data.subarray(at, at + sectorBytes), (offsetBytes + at) % unitBytes);
    units.set(unit, bytes);
  }
}
