/**
 * The devices below a pool: what is on them outlives the process that uses them. What it asks takes virtual time and is
 * never answered to the dead; a crash leaves of what was not flushed some writes, some not, and some torn.
 */
import { DeviceError } from '../../pool-manager/engine/block-device.ts';
import { labelBytes } from '../../pool-manager/engine/group/geometry.ts';
import { headerBytes } from '../../pool-manager/engine/group/label.ts';
import { must } from '../../shared/assert.ts';
import { imageOf, momentOf, type Fate } from '../crash-images.ts';
import { MemoryDevice, type DeviceAction } from '../memory-device.ts';
import type { SimProcess } from './sim-process.ts';
import type { SimWorld } from './sim-world.ts';

/** What a device does wrong while it is at fault. */
export const deviceFaults = [
  'ioErrors',
  'readErrors',
  'bitFlips',
  'lostWrites',
  'misdirectedWrites',
] as const;
export type DeviceFault = (typeof deviceFaults)[number];

/** Whoever reads finds it out, nobody else. */
export const isSilent = (fault: DeviceFault): boolean => fault !== 'ioErrors' && fault !== 'readErrors';

/** Milliseconds that an operation takes on average. */
const meanMs: Readonly<Record<DeviceAction, number>> = { read: 1, write: 2, flush: 5, discard: 1 };
const unitBytes = 4096;
const sizeBytes = 16 * 2 ** 20;

export class SimDevices {
  readonly #world: SimWorld;
  #devices: MemoryDevice[];
  /** The one that may be at fault: the others of its group make up for it. */
  readonly #victim: number;
  #fault: DeviceFault | undefined;
  /** Nothing takes time: for what is no part of the story. */
  isFast = true;

  constructor(world: SimWorld, name: string, count: number) {
    this.#world = world;
    this.#devices = Array.from(
      { length: count },
      (_, i) => new MemoryDevice({ name: `${name}-disk-${i}`, sizeBytes }),
    );
    this.#victim = world.random.below(count);
  }

  /** Devices as a process finds them. `slowness`: times of operations are so many times the usual. */
  open(process: SimProcess, slowness: () => number): readonly MemoryDevice[] {
    for (const [index, device] of this.#devices.entries()) {
      device.record();
      device.fault = (action, offsetBytes) => {
        if (this.isFast) return undefined;
        return this.#answer(process, { device, action, offsetBytes }, index, slowness());
      };
      device.landing = (offsetBytes, lengthBytes) =>
        index === this.#victim ? this.#landing(device, offsetBytes, lengthBytes) : offsetBytes;
    }
    return this.#devices;
  }

  /** Copies, to look at. */
  copies(): readonly MemoryDevice[] {
    return this.#devices.map((device) => copyOf(device, device.image()));
  }

  /** Power is lost: what is not sure is there, or not, or in part. */
  crash(): void {
    const { random, reach } = this.#world;
    const fate = (): Fate => {
      const drawn = random.pick<Fate>(['kept', 'kept', 'lost', 'torn']);
      if (drawn === 'lost') reach.hit('write lost at a crash');
      if (drawn === 'torn') reach.hit('write torn at a crash');
      return drawn;
    };
    this.#devices = this.#devices.map((device) => copyOf(device, imageOf(momentOf(device), fate, random)));
  }

  /** The process has closed them in order. */
  close(): void {
    this.#devices = this.#devices.map((device) => copyOf(device, device.image()));
  }

  /** A device that failed is there again, as it is; the one that was in use before is nobody's any more. */
  again(name: string): MemoryDevice {
    const index = this.#devices.findIndex((device) => device.name === name);
    const device = must(this.#devices[index], name);
    const copy = copyOf(device, device.image());
    copy.record();
    this.#devices[index] = copy;
    return copy;
  }

  beginFault(fault: DeviceFault): void {
    this.#fault = fault;
    if (fault === 'bitFlips') this.#flip();
  }

  endFaults(): void {
    this.#fault = undefined;
  }

  /** Turns a bit over in the unit that holds exactly this content; answers whether there is one. */
  spoil(content: Uint8Array): boolean {
    for (const device of this.#devices) {
      const [unit] = [...device.image()].findLast(([, bytes]) => Buffer.compare(bytes, content) === 0) ?? [];
      if (unit === undefined) continue;
      device.flipBit(unit * unitBytes + this.#world.random.below(unitBytes), this.#world.random.below(8));
      return true;
    }
    return false;
  }

  /**
   * A few bits, of units that hold something. Headers of labels have a copy each, and one stays: a device that has lost both
   * is as good as gone, and without half of a mirror a pool waits for somebody's consent (open-set.test.ts).
   */
  #flip(): void {
    const { random, reach } = this.#world;
    const device = must(this.#devices[this.#victim], 'the victim');
    const copyAt = (sizeBytes - labelBytes) / unitBytes;
    const isCopy = (unit: number) => unit >= copyAt && unit < copyAt + headerBytes / unitBytes;
    const units = [...device.image().keys()].filter((unit) => !isCopy(unit));
    for (let i = 0; i < 5 && units.length > 0; i++)
      device.flipBit(random.pick(units) * unitBytes + random.below(unitBytes), random.below(8));
    reach.hit('bit flipped', 5);
  }

  #answer(
    process: SimProcess,
    { device, action, offsetBytes }: { device: MemoryDevice; action: DeviceAction; offsetBytes: number },
    index: number,
    slowness: number,
  ): Promise<void> {
    const { scheduler, reach, random } = this.#world;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const errs =
      index === this.#victim &&
      ((this.#fault === 'ioErrors' && action !== 'read' && random.chance(0.1)) ||
        (this.#fault === 'readErrors' && action === 'read' && random.chance(0.2)));
    if (errs) reach.hit('I/O error');
    scheduler.after(this.#world.delay(meanMs[action]) * slowness, () =>
      process.run(() => {
        if (errs) reject(new DeviceError(device.name, `${action} error at ${offsetBytes}`));
        else resolve();
      }),
    );
    return promise;
  }

  #landing(device: MemoryDevice, offsetBytes: number, lengthBytes: number): number | undefined {
    const { random, reach } = this.#world;
    if (this.#fault === 'lostWrites' && random.chance(0.1)) {
      reach.hit('write lost by the device');
      return undefined;
    }
    if (this.#fault === 'misdirectedWrites' && random.chance(0.03)) {
      reach.hit('write misdirected');
      // Over what is stored already, so that it hurts.
      const units = [...device.image().keys()];
      const unit = units.length > 0 ? random.pick(units) : 0;
      return Math.min(unit * unitBytes, device.sizeBytes - lengthBytes);
    }
    return offsetBytes;
  }
}

const copyOf = ({ name, sizeBytes: bytes }: MemoryDevice, image: ReturnType<MemoryDevice['image']>) =>
  new MemoryDevice({ name, sizeBytes: bytes, image });
