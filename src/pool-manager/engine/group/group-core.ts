/**
 * What the parts of a group share: its members, the way to them, and the judgement when one fails.
 *
 * A member that fails a write or a flush, or errs too often in a row, is out of use from that moment on; `onChange` lets
 * the next root say so. With fewer members that have all data than data columns the group has failed, for good.
 */
import { assert } from '../../../shared/assert.ts';
import { type BlockDevice, DeviceError } from '../block-device.ts';
import { GroupLayout, ioErrorsInRowMax } from './group-layout.ts';
import { inUse, isWhole, type Member } from './member.ts';
import type { Lent } from './read-buffers.ts';
import { GroupFailure } from './segment-group.ts';

/** Rot comes in runs and is mended; a device that answers nothing but rubbish is not worth asking. */
const wrongInRowMax = 256;

export class GroupCore extends GroupLayout {
  failure: GroupFailure | undefined;

  /** Writes over a bad place, which often mends it; a device that can not even do that is out of use. */
  async mend(member: Member, offsetBytes: number, data: Uint8Array): Promise<void> {
    if (!this.options.readOnly) await this.write(member, offsetBytes, data);
  }

  /** Never rejects because of a device: one that fails is out of use. */
  async write(member: Member, offsetBytes: number, data: Uint8Array): Promise<void> {
    assert(!this.options.readOnly, 'the pool may be written');
    const device = inUse(member);
    if (device === undefined) return;
    try {
      const permitted = this.options.permit();
      if (permitted !== undefined) await permitted;
      await device.write(offsetBytes, data);
      member.isDirty = true;
    } catch (error) {
      this.judge(member, device, 'write', error);
    }
  }

  /** Durable when answered with true; otherwise the device is out of use. */
  async writeThrough(member: Member, offsetBytes: number, data: Uint8Array): Promise<boolean> {
    assert(!this.options.readOnly, 'the pool may be written');
    const device = inUse(member);
    if (device === undefined) return false;
    try {
      const permitted = this.options.permit();
      if (permitted !== undefined) await permitted;
      await device.writeThrough(offsetBytes, data);
      return true;
    } catch (error) {
      this.judge(member, device, 'write through', error);
      return false;
    }
  }

  /** Undefined when the device is absent or can not read it; that counts. */
  async read(member: Member, offsetBytes: number, lengthBytes: number): Promise<Uint8Array | undefined> {
    const { device } = member;
    if (device === undefined) return undefined;
    try {
      return await device.read(offsetBytes, lengthBytes);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.#couldNotRead(member, device, error);
      return undefined;
    }
  }

  /** The same into lent memory, in one piece; `done` may be called at once. */
  lend(
    member: Member,
    offsetBytes: number,
    lengthBytes: number,
    done: (lent: Lent | undefined) => void,
  ): void {
    const { device } = member;
    if (device === undefined) return done(undefined);
    device.lend(offsetBytes, lengthBytes, (error, lent) => {
      if (error !== undefined) this.#couldNotRead(member, device, error);
      done(lent);
    });
  }

  #couldNotRead(member: Member, device: BlockDevice, error: DeviceError): void {
    if (member.device !== device) return; // it was replaced meanwhile
    member.ioErrors++;
    if (++member.errorsInRow >= ioErrorsInRowMax && this.canSpare(member))
      this.retire(member, `${ioErrorsInRowMax} errors in a row: ${error.message}`);
  }

  /** The outcome of the checks of one read. */
  answered(member: Member, wrongUnits: number): void {
    if (wrongUnits === 0) {
      member.errorsInRow = 0;
      return;
    }
    member.checksumErrors += wrongUnits;
    if (++member.errorsInRow >= wrongInRowMax && this.canSpare(member))
      this.retire(member, `wrong data ${wrongInRowMax} times in a row`);
  }

  async flush(member: Member): Promise<void> {
    const device = inUse(member);
    if (device === undefined) return;
    const { cursor, joinTxg } = member; // the copies below it were answered before this flush
    if (member.isDirty) {
      member.isDirty = false;
      const before = member.flushing;
      const flushing = (async () => {
        await before;
        try {
          await device.flush();
        } catch (error) {
          this.judge(member, device, 'flush', error);
        }
      })();
      member.flushing = flushing;
      await flushing;
      if (member.flushing === flushing) member.flushing = undefined;
    } else await member.flushing; // whoever sent it did so after all that was written before now
    if (inUse(member) === device && member.joinTxg === joinTxg) member.flushedCursor = cursor;
  }

  /** What a failure of the device means for the member that it was the device of. */
  judge(member: Member, device: BlockDevice, what: string, error: unknown): void {
    if (error instanceof DeviceError) {
      if (member.device !== device) return; // it was replaced meanwhile
      member.ioErrors++;
      this.retire(member, `${what} failed: ${error.message}`);
    } else if (error instanceof GroupFailure) this.fail(error);
    else throw error;
  }

  /** Takes a device out of use. */
  retire(member: Member, reason: string): void {
    if (member.state === 'failed') return;
    member.state = 'failed';
    member.reason = reason;
    this.options.onChange();
    this.check();
  }

  canSpare(member: Member): boolean {
    return !isWhole(member) || this.#whole > this.shape.dataColumns;
  }

  /** Fails when data can not be whole any more. */
  check(): void {
    if (this.#whole >= this.shape.dataColumns) return;
    const each = this.members.map(({ name, state, reason }) => `${name}: ${reason ?? state}`);
    this.fail(new GroupFailure(`group ${this.options.index} has too few devices left: ${each.join('; ')}`));
  }

  fail(failure: GroupFailure): void {
    if (this.failure !== undefined) return;
    this.failure = failure;
    this.options.onFailure(failure);
  }

  throwIfFailed(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  get #whole(): number {
    return this.members.filter(isWhole).length;
  }
}
