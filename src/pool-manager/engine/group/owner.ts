/**
 * A pool has one owner. Exclusive opening keeps out other processes of the machine; against other machines that see the
 * same devices there is a heartbeat in the labels (heartbeat.ts).
 *
 *   watch: does anybody else's sequence move? ─yes─▶ refused
 *     └─no─▶ claim: write mine, wait, is it still mine? ─no─▶ refused
 *              └─yes─▶ beat: every second, every other while nothing is written: read, compare, write the next
 *                        └─ somebody else's is there ─▶ foreign: nothing is written any more
 *
 *  - `permit` stands before every write: without a beat that was confirmed within the lease, which is shorter than the
 *    time others watch, the devices are read first. A daemon that was stopped for long finds the new owner there.
 *  - The fastest device confirms: who wants the pool looks at all he has, so one that moves is enough to keep him away.
 *  - Between the look and the write remains the time of one write; only the device could close that gap.
 */
import { untilBeatMs } from '../../../shared/beats.ts';
import type { Clock } from '../../../shared/clock.ts';
import type { BlockDevice } from '../block-device.ts';
import { DeviceError } from '../block-device.ts';
import { PoolRefusal } from '../refusal.ts';
import { encodeHeartbeat, type Heartbeat, readHeartbeat } from './heartbeat.ts';
import { heartbeatOffsetBytes } from './label.ts';
import { inUse, type Member } from './member.ts';
import { GroupFailure } from './segment-group.ts';

export interface OwnerOptions {
  /** Random, new for each run. */
  readonly id: string;
  /** The same for all processes that exclusive opening keeps apart: the boot of the machine. */
  readonly machine: string;
  readonly clock: Clock;
  readonly beatMs?: number;
}

const beatMsDefault = 1_000;
/** How long a silent owner is watched, in beats; and how long a beat permits writing. */
const watchBeats = 5;
const leaseBeats = 3;
/** Between two beats while nobody wants to write: within the lease, so that the first who does need not wait. */
const restBeats = 2;

/**
 * Resolves when nobody else is at work on these devices. Rejects with PoolRefusal DeviceInUse. An owner that has gone in
 * order, or ran on this machine where exclusive opening has shown him gone, is not waited for.
 */
export async function watchOwner(devices: readonly BlockDevice[], options: OwnerOptions): Promise<void> {
  const before = await Promise.all(devices.map(readHeartbeat));
  if (before.every((beat) => beat === undefined || beat.owner === '' || beat.machine === options.machine))
    return;
  await sleep(options.clock, watchBeats * (options.beatMs ?? beatMsDefault));
  const after = await Promise.all(devices.map(readHeartbeat));
  for (const [i, beat] of after.entries())
    if (beat !== undefined && !isSame(beat, before[i]))
      throw new PoolRefusal(
        'DeviceInUse',
        `device ${devices[i]?.name}: pool ${beat.pool} is in use by ${beat.owner} on ${beat.machine}: stop it there`,
      );
}

const isSame = (a: Heartbeat, b: Heartbeat | undefined): boolean =>
  b !== undefined && a.owner === b.owner && a.sequence === b.sequence;

const sleep = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.after(ms, resolve));

export class Ownership {
  readonly #pool: string;
  readonly #options: OwnerOptions;
  readonly #beatMs: number;
  readonly #members: () => readonly Member[];
  readonly #onForeign: (failure: GroupFailure) => void;
  readonly #onDeviceError: (member: Member, device: BlockDevice, error: DeviceError) => void;
  #sequence = 0;
  #leaseUntilMs = -Infinity;
  #confirming: Promise<void> | undefined;
  #cancel: () => void = () => undefined;
  #isStopped = false;
  /** Somebody wanted to write since the last beat was scheduled. */
  #isWriting = false;
  #foreign: GroupFailure | undefined;

  constructor(options: {
    readonly pool: string;
    readonly owner: OwnerOptions;
    readonly members: () => readonly Member[];
    readonly onForeign: (failure: GroupFailure) => void;
    readonly onDeviceError: (member: Member, device: BlockDevice, error: DeviceError) => void;
  }) {
    this.#pool = options.pool;
    this.#options = options.owner;
    this.#beatMs = options.owner.beatMs ?? beatMsDefault;
    this.#members = options.members;
    this.#onForeign = options.onForeign;
    this.#onDeviceError = options.onDeviceError;
  }

  /** Makes the devices ours, after `watchOwner`. Rejects with PoolRefusal DeviceInUse when somebody was faster. */
  async claim(): Promise<void> {
    await this.#writeAll(this.#options.id, 'all');
    await sleep(this.#options.clock, this.#beatMs);
    const other = await this.#findForeign();
    if (other !== undefined)
      throw new PoolRefusal(
        'DeviceInUse',
        `pool ${this.#pool} was taken by ${other.owner} on ${other.machine}`,
      );
    this.#leaseUntilMs = this.#options.clock.nowMs() + leaseBeats * this.#beatMs;
    this.#schedule();
  }

  /** Undefined: go on. Otherwise the devices are looked at first; rejects with GroupFailure when they are not ours. */
  readonly permit = (): Promise<void> | undefined => {
    this.#isWriting = true;
    return this.#foreign === undefined && this.#options.clock.nowMs() < this.#leaseUntilMs
      ? undefined
      : this.confirm();
  };

  /** Reads the heartbeats, and writes the next one if they are ours. */
  async confirm(): Promise<void> {
    this.#confirming ??= this.#beat().finally(() => (this.#confirming = undefined));
    await this.#confirming;
  }

  /** Makes one more device ours before it is taken in. Rejects with PoolRefusal DeviceInUse, or DeviceError. */
  async welcome(device: BlockDevice): Promise<void> {
    const beat = await readHeartbeat(device);
    if (beat?.owner !== this.#options.id) await watchOwner([device], this.#options);
    await device.writeThrough(heartbeatOffsetBytes, this.#encode(this.#options.id));
  }

  /** The heartbeat ends; in order: nobody needs to wait for us. */
  async stop(inOrder: boolean): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    await this.#confirming;
    if (inOrder && this.#foreign === undefined) await this.#writeAll('', 'all');
  }

  #schedule(): void {
    if (this.#isStopped) return;
    const beats = this.#isWriting ? 1 : restBeats;
    this.#isWriting = false;
    const afterMs = untilBeatMs(this.#options.clock.nowMs(), beats * this.#beatMs);
    this.#cancel = this.#options.clock.after(afterMs, () => {
      void this.confirm().then(
        () => this.#schedule(),
        () => undefined, // said by onForeign
      );
    });
  }

  async #beat(): Promise<void> {
    if (this.#foreign === undefined) {
      const begunMs = this.#options.clock.nowMs();
      const other = await this.#findForeign();
      if (other !== undefined) {
        this.#foreign = new GroupFailure(
          `pool ${this.#pool} was taken over by ${other.owner} on ${other.machine}: nothing is written any more`,
        );
        this.#onForeign(this.#foreign);
      } else if (await this.#writeAll(this.#options.id, 'first'))
        this.#leaseUntilMs = begunMs + leaseBeats * this.#beatMs;
    }
    if (this.#foreign !== undefined) throw this.#foreign;
  }

  async #findForeign(): Promise<Heartbeat | undefined> {
    const devices = this.#members().flatMap((member) => inUse(member) ?? []);
    const found = await Promise.all(devices.map(readHeartbeat));
    return found.find((beat) => beat !== undefined && beat.owner !== this.#options.id && beat.owner !== '');
  }

  /** Answers when the first device, or all, have been written; false when none could be. The others go on by themselves. */
  async #writeAll(owner: string, wait: 'first' | 'all'): Promise<boolean> {
    const beat = this.#encode(owner);
    const writes = this.#members().map((member) => this.#write(member, beat));
    if (wait === 'all') return (await Promise.all(writes)).includes(true);
    const first = writes.map(async (write) => {
      if (!(await write)) throw new DeviceError(this.#pool, 'no heartbeat');
    });
    return await Promise.any(first).then(
      () => true,
      () => false,
    );
  }

  #encode(owner: string): Uint8Array {
    return encodeHeartbeat({
      pool: this.#pool,
      owner,
      machine: this.#options.machine,
      sequence: ++this.#sequence,
    });
  }

  async #write(member: Member, beat: Uint8Array): Promise<boolean> {
    const device = inUse(member);
    if (device === undefined) return false;
    try {
      await device.writeThrough(heartbeatOffsetBytes, beat);
      return true;
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.#onDeviceError(member, device, error);
      return false;
    }
  }
}
