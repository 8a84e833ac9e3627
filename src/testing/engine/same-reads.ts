/**
 * What was found on devices that a crash left, known again where everything that was read then is there once more.
 *
 * Opening, checking and reading a pool is a function of what is read: when the states of two crashes differ in nothing
 * that the first one's reading touched, the second would be read unit for unit alike. Units of images are never changed,
 * and what one write put there is the same object in all images (memory-device.ts), so that alike is told by identity;
 * what a write has torn is never alike.
 */
import { must } from '../../shared/assert.ts';
import { type LayeredImage, MemoryDevice } from '../memory-device.ts';
import type { Left } from './crash-judge.ts';

interface Known<T> {
  readonly key: string;
  /** Per device: units, and what they held (undefined: never written). */
  readonly reads: readonly ReadonlyMap<number, Uint8Array | undefined>[];
  readonly found: T;
}

/** States of one run follow each other: the last few are those that can be met again. */
const knownMax = 12;

export class SameReads<T> {
  #known: Known<T>[] = [];
  /** How often something had to be read, and how often it was known. */
  opened = 0;
  recognized = 0;

  /** What `read` finds on devices with what is left; they keep logs. */
  async of(left: Left, read: (devices: readonly MemoryDevice[]) => Promise<T>): Promise<T> {
    const key = `${left.devices.map(({ name, sizeBytes }) => `${name} ${sizeBytes}`).join()} ${left.without}`;
    const at = this.#known.findLastIndex((one) => one.key === key && isAlike(one, left.images));
    const before = this.#known[at];
    if (before !== undefined) {
      this.#known.splice(at, 1);
      this.#known.push(before);
      this.recognized++;
      return before.found;
    }
    const devices = devicesOf(left);
    for (const device of devices) device.unitsRead = new Set();
    const found = await read(devices);
    this.opened++;
    const reads = devices.map(({ unitsRead }, i) => {
      const unit = unitIn(must(left.images[i], 'an image'));
      return new Map([...must(unitsRead, 'what was read')].map((number) => [number, unit(number)]));
    });
    for (const device of devices) device.unitsRead = undefined;
    this.#known.push({ key, reads, found });
    if (this.#known.length > knownMax) this.#known.shift();
    return found;
  }
}

/** New devices with what is left, which keep logs. */
export function devicesOf({ devices, images }: Pick<Left, 'devices' | 'images'>): MemoryDevice[] {
  return devices.map(({ name, sizeBytes }, i) => {
    const device = new MemoryDevice({ name, sizeBytes, ...must(images[i], `an image of ${name}`) });
    device.record();
    return device;
  });
}

const unitIn =
  ({ image, over }: LayeredImage) =>
  (unit: number): Uint8Array | undefined =>
    over?.get(unit) ?? image.get(unit);

function isAlike<T>({ reads }: Known<T>, images: readonly LayeredImage[]): boolean {
  return reads.every((units, i) => {
    const unit = unitIn(must(images[i], 'an image'));
    for (const [number, held] of units) if (unit(number) !== held) return false;
    return true;
  });
}
