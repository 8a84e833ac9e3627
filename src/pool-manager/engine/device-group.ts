/**
 * One group of a pool: a single device, or the devices of a mirror that carry the same units.
 *
 *  - A write counts when every device that is in use has it. A device that fails a write or a flush is out of use from
 *    that moment on; the next root says so. The group has failed when no device with all data is left.
 *  - A read is checked by the caller's `isGood`. Units that are bad on the device that was asked are taken from
 *    another one and written back to where they were bad. Callers hold a reader's pin (pins.ts) meanwhile, so that no
 *    repair meets a unit that was given out again.
 */
import { DeviceError, type BlockDevice } from './block-device.ts';
import { blockBytes } from '../../shared/block-size.ts';
import { labelBytes } from './label.ts';

export interface Member {
  readonly guid: string;
  readonly name: string;
  /** As the label has it: says where the second label is, also when the device has grown since. */
  readonly sizeBytes: number;
  /** Undefined: absent. */
  readonly device: BlockDevice | undefined;
  /** `current` has all data; `syncing` gets all writes and lacks older data; `failed` is out of use. */
  state: 'current' | 'syncing' | 'failed';
  reason: string | undefined;
  /** Everything up to this root is on it; moves on with each root while it is current. */
  goodTxg: number;
  checksumErrors: number;
  ioErrors: number;
}

/** No device of a group is left: the pool can not go on. */
export class GroupFailure extends Error {
  override readonly name = 'GroupFailure';
}

export type UnitCheck = (index: number, bytes: Uint8Array, from: number) => boolean;

export interface GroupReading {
  readonly bytes: Uint8Array;
  /** Indices of units of which no good copy was found. */
  readonly bad: readonly number[];
}

export class DeviceGroup {
  readonly firstUnit: number;
  readonly units: number;
  readonly members: readonly Member[];
  #turn = 0;

  constructor(options: {
    readonly firstUnit: number;
    readonly units: number;
    readonly members: readonly Member[];
  }) {
    this.firstUnit = options.firstUnit;
    this.units = options.units;
    this.members = options.members;
  }

  get hasData(): boolean {
    return this.members.some((member) => member.state === 'current');
  }

  offsetBytes(unit: number): number {
    return labelBytes + (unit - this.firstUnit) * blockBytes;
  }

  async write(unit: number, bytes: Uint8Array): Promise<void> {
    await this.onAll('write', (device) => device.write(this.offsetBytes(unit), bytes));
  }

  async flush(): Promise<void> {
    await this.onAll('flush', (device) => device.flush());
  }

  /** Runs on each device in use; one that fails is out of use. */
  async onAll(what: string, run: (device: BlockDevice, member: Member) => Promise<void>): Promise<void> {
    await Promise.all(
      this.members.map(async (member) => {
        if (member.state === 'failed' || member.device === undefined) return;
        try {
          await run(member.device, member);
        } catch (error) {
          if (!(error instanceof DeviceError)) throw error;
          retire(member, `${what} failed: ${error.message}`);
        }
      }),
    );
    if (!this.hasData)
      throw new GroupFailure(this.members.map((m) => `${m.name}: ${m.reason ?? m.state}`).join('; '));
  }

  /** `count` contiguous units, each checked. */
  async read(unit: number, count: number, isGood: UnitCheck): Promise<GroupReading> {
    const order = this.#order();
    const failed: Member[] = [];
    for (const [i, member] of order.entries()) {
      const bytes = await this.#readFrom(member, unit, count);
      if (bytes === undefined) {
        failed.push(member);
        continue;
      }
      const suspect = indices(count).filter((index) => !isGood(index, bytes, index * blockBytes));
      member.checksumErrors += suspect.length;
      const others = order.slice(i + 1);
      const bad: number[] = [];
      for (const index of suspect)
        if (!(await this.#heal(unit, index, bytes, isGood, member, others))) bad.push(index);
      if (bad.length === 0) for (const other of failed) await this.#rewrite(other, unit, bytes);
      return { bytes, bad };
    }
    return { bytes: new Uint8Array(count * blockBytes), bad: indices(count) };
  }

  /** Unchecked, from a device that has all data; undefined when none can read it. */
  async readSource(unit: number, count: number): Promise<Uint8Array | undefined> {
    for (const member of this.members) {
      if (member.state !== 'current') continue;
      const bytes = await this.#readFrom(member, unit, count);
      if (bytes !== undefined) return bytes;
    }
    return undefined;
  }

  /** Takes unit `index` of a reading from another device and writes it back where it was bad. */
  async #heal(
    unit: number,
    index: number,
    bytes: Uint8Array,
    isGood: UnitCheck,
    owner: Member,
    others: readonly Member[],
  ): Promise<boolean> {
    const bad = [owner];
    for (const other of others) {
      const copy = await this.#readFrom(other, unit + index, 1);
      if (copy === undefined || !isGood(index, copy, 0)) {
        if (copy !== undefined) other.checksumErrors++;
        bad.push(other);
        continue;
      }
      bytes.set(copy, index * blockBytes);
      for (const member of bad) await this.#rewrite(member, unit + index, copy);
      return true;
    }
    return false;
  }

  async #readFrom(member: Member, unit: number, count: number): Promise<Uint8Array | undefined> {
    if (member.device === undefined) return undefined;
    try {
      return await member.device.read(this.offsetBytes(unit), count * blockBytes);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      member.ioErrors++;
      member.reason ??= error.message;
      return undefined;
    }
  }

  /** Writing over an unreadable place often mends it; a device that can not even do that is out of use. */
  async #rewrite(member: Member, unit: number, bytes: Uint8Array): Promise<void> {
    if (member.device === undefined || member.state === 'failed') return;
    try {
      await member.device.write(this.offsetBytes(unit), bytes);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      retire(member, `repair failed: ${error.message}`);
    }
  }

  /**
   * Devices with all data, another one first each time; then one that is being copied to, then those out of use: they
   * may have it, and the checksum tells.
   */
  #order(): readonly Member[] {
    const inState = (state: Member['state']) => this.members.filter((member) => member.state === state);
    const current = inState('current');
    const turn = this.#turn++ % Math.max(1, current.length);
    return [...current.slice(turn), ...current.slice(0, turn), ...inState('syncing'), ...inState('failed')];
  }
}

/** Takes a device out of use, for good. */
function retire(member: Member, reason: string): void {
  member.ioErrors++;
  if (member.state === 'failed') return;
  member.state = 'failed';
  member.reason = reason;
}

const indices = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
