/**
 * Copies what a stale device of a mirror lacks, while the pool serves. First version: everything that is in use.
 *
 * The device gets all new writes from the start. Units that were live then and have not been given out anew are copied
 * as they are; a unit that is rotten at the source is found by its checksum when it is read, as before. When all is
 * copied and flushed the device is current, and the next root says so. A crash before begins anew.
 */
import { DeviceError } from './block-device.ts';
import type { DeviceGroup, Member } from './device-group.ts';
import type { PoolCore } from './pool-core.ts';

/** Units that are copied at once: 1 MiB. */
const chunkUnits = 256;

export class Resilver {
  isRunning = false;
  readonly #core: PoolCore;
  #stopped = false;
  #done: Promise<void> = Promise.resolve();

  constructor(core: PoolCore) {
    this.#core = core;
  }

  /** Begins, if a device is stale. `commit` writes a root that has the news. */
  start(commit: () => Promise<void>): void {
    if (!this.#core.devices.members.some((member) => member.state === 'syncing')) return;
    this.isRunning = true;
    this.#done = this.#run(commit);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #run(commit: () => Promise<void>): Promise<void> {
    try {
      await this.#core.stream.drain(); // what was on its way before the device got writes has landed
      for (const group of this.#core.devices.groups)
        for (const member of group.members)
          if (member.state === 'syncing' && (await this.#copy(group, member))) member.state = 'current';
      if (!this.#stopped) await commit();
    } catch (error) {
      if (this.#core.failure === undefined && this.#core.stream.failure === undefined) throw error;
      // the pool has failed, and says so itself
    } finally {
      this.isRunning = false;
      this.#core.onProgress();
    }
  }

  async #copy(group: DeviceGroup, member: Member): Promise<boolean> {
    const { space } = this.#core;
    const live = space.liveBits();
    const end = group.firstUnit + group.units;
    for (let unit = group.firstUnit; unit < end;) {
      if (this.#stopped || member.state !== 'syncing' || this.#core.failure !== undefined) return false;
      let count = 0;
      while (count < chunkUnits && unit + count < end && has(live, unit + count)) count++;
      if (count === 0) {
        unit++;
        if (unit % 32 === 0) while (unit < end && live[unit >>> 5] === 0) unit += 32;
        continue;
      }
      await this.#copyRun(group, member, unit, count);
      unit += count;
      await this.#core.host.pause();
    }
    try {
      await member.device?.flush();
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      member.state = 'failed';
      member.reason = error.message;
    }
    return member.state === 'syncing';
  }

  /**
   * Units that are not live any more, or still on their way to all devices, are left out; the pin keeps the others from
   * being given out anew until they are copied.
   */
  async #copyRun(group: DeviceGroup, member: Member, unit: number, count: number): Promise<void> {
    await this.#core.pins.hold(async () => {
      for (let from = 0; from < count;) {
        let to = from;
        while (to < count && this.#isSettled(unit + to)) to++;
        if (to > from) await this.#copySettled(group, member, unit + from, to - from);
        from = to + 1;
      }
    });
  }

  async #copySettled(group: DeviceGroup, member: Member, unit: number, count: number): Promise<void> {
    const bytes = await group.readSource(unit, count);
    if (bytes !== undefined) await writeOrFail(member, group.offsetBytes(unit), bytes);
    else if (count > 1) for (let i = 0; i < count; i++) await this.#copySettled(group, member, unit + i, 1);
  }

  #isSettled(unit: number): boolean {
    return this.#core.space.isLive(unit) && !this.#core.stream.has(unit);
  }
}

async function writeOrFail(member: Member, offsetBytes: number, bytes: Uint8Array): Promise<void> {
  try {
    await member.device?.write(offsetBytes, bytes);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    member.state = 'failed';
    member.reason = error.message;
    member.ioErrors++;
  }
}

const has = (bits: Uint32Array, unit: number): boolean =>
  ((bits[unit >>> 5] ?? 0) & (1 << (unit & 31))) !== 0;
