/** What a power cut leaves of a device, made from the log of a MemoryDevice. */
import { assert } from '../shared/assert.ts';
import type { Prng } from '../shared/prng.ts';
import {
  applyDiscard,
  applyWrite,
  type DeviceDiscard,
  type DeviceWrite,
  type Image,
  type LayeredImage,
  type MemoryDevice,
  wholeImage,
} from './memory-device.ts';

const sectorBytes = 512;
const unitBytes = 4096;

/** A write or discard, and whether it is surely on the medium. */
export interface Change {
  readonly op: DeviceWrite | DeviceDiscard;
  readonly isSure: boolean;
}

/** A moment in the life of a device: what is surely on it, and what came after the first thing that is not sure. */
export interface Moment {
  readonly base: Image;
  /** How many changes the base has taken in. */
  readonly baseChanges: number;
  readonly changes: readonly Change[];
}

/** What becomes of a change that is not sure: on the medium, lost, or only some of its sectors. */
export type Fate = 'kept' | 'lost' | 'torn';

/**
 * The moments of a device, for cuts that never go back. A cut lies before operation `cut` of all devices
 * (memory-device.ts, `operationsSoFar`). Sure is what was written through and answered, or answered before a flush
 * began that was answered; everything else that has begun may be there or not.
 */
export function momentsOf(device: MemoryDevice): (cut: number) => Moment {
  const { start, ops } = device.history();
  const base = new Map(start);
  const flushes = ops.filter((op) => op.do === 'flush' && !op.hasFailed).toSorted((a, b) => a.at - b.at);
  let flushesAnswered = 0;
  let flushed = -1;
  let begun = 0;
  /** Begun, and not in the base: in the order in which they are answered, what is not answered yet last. */
  let waiting: (DeviceWrite | DeviceDiscard)[] = [];
  let before = 0;
  let baseChanges = 0;
  return (cut) => {
    assert(cut >= before, 'cuts never go back');
    before = cut;
    for (let next = flushes[flushesAnswered]; next !== undefined && next.at < cut;) {
      flushed = Math.max(flushed, next.begunAt);
      next = flushes[++flushesAnswered];
    }
    for (let op = ops[begun]; op !== undefined && op.begunAt < cut; op = ops[++begun])
      if (op.do !== 'flush') waiting.push(op);
    const isSure = (op: DeviceWrite | DeviceDiscard): boolean =>
      !op.hasFailed && op.at < cut && (op.at < flushed || (op.do === 'write' && op.through));
    waiting = waiting.toSorted((a, b) => a.at - b.at || a.begunAt - b.begunAt);
    const unsure = waiting.findIndex((op) => !isSure(op));
    const settled = unsure === -1 ? waiting.length : unsure;
    // Nothing that is under way now is older than these, so they can be left behind for good.
    for (const op of waiting.splice(0, settled)) apply(base, op);
    baseChanges += settled;
    return { base, baseChanges, changes: waiting.map((op) => ({ op, isSure: isSure(op) })) };
  };
}

/** At the end of the log, or before operation `cut`. */
export const momentOf = (device: MemoryDevice, cut = Infinity): Moment => momentsOf(device)(cut);

/** Only what is sure. */
export const flushedImage = (device: MemoryDevice): Image => imageOf(momentOf(device), () => 'lost');

/** The image when each change that is not sure has the fate that is told for it. */
export const imageOf = (moment: Moment, fate: (index: number) => Fate, random?: Prng): Image =>
  wholeImage(layeredOf(moment, fate, random));

/** The same over the image of what is sure; good as long as no later moment of the device is asked for. */
export function layeredOf(
  { base, changes }: Moment,
  fate: (index: number) => Fate,
  random?: Prng,
): LayeredImage {
  const over = new Map<number, Uint8Array>();
  let unsure = 0;
  for (const { op, isSure } of changes) {
    const decided = isSure ? 'kept' : fate(unsure++);
    if (decided === 'kept') apply(over, op);
    else if (decided === 'torn' && random !== undefined) tear(base, over, op, random);
  }
  return { image: base, over };
}

export const unsureCount = ({ changes }: Moment): number => changes.filter(({ isSure }) => !isSure).length;

/** Every image that whole writes may leave: any subset of those that are not sure. */
export function* crashImages(moment: Moment): Generator<Image> {
  for (let subset = 0; subset < 2 ** unsureCount(moment); subset++)
    yield imageOf(moment, (index) => (subset & (1 << index) ? 'kept' : 'lost'));
}

/** One image at random: of each unsure write all, nothing, or some of its sectors. */
export function randomCrashImage(moment: Moment, random: Prng): Image {
  return imageOf(moment, () => (random.chance(0.3) ? 'lost' : random.chance(0.5) ? 'kept' : 'torn'), random);
}

function apply(units: Map<number, Uint8Array>, op: DeviceWrite | DeviceDiscard): void {
  if (op.do === 'write') applyWrite(units, op.offsetBytes, op.data);
  else applyDiscard(units, op.offsetBytes, op.lengthBytes);
}

function tear(
  base: Image,
  over: Map<number, Uint8Array>,
  op: DeviceWrite | DeviceDiscard,
  random: Prng,
): void {
  if (op.do === 'discard') {
    for (let at = 0; at < op.lengthBytes; at += unitBytes)
      if (random.chance(0.5)) applyDiscard(over, op.offsetBytes + at, unitBytes);
    return;
  }
  const { offsetBytes, data } = op;
  for (let at = 0; at < data.byteLength; at += sectorBytes) {
    if (random.chance(0.5)) continue;
    const unit = Math.floor((offsetBytes + at) / unitBytes);
    const bytes = (over.get(unit) ?? base.get(unit) ?? new Uint8Array(unitBytes)).slice();
    bytes.set(data.subarray(at, at + sectorBytes), (offsetBytes + at) % unitBytes);
    over.set(unit, bytes);
  }
}
