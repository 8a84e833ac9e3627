/**
 * The express lane of a connection: plain commands (iscsi/express.ts, scsi/plain-transfer.ts) go from the input buffer to
 * the volume and into the outbox without a promise, a closure or a buffer of their own. One that the volume does not answer
 * at once is a task of the session like any other, to be aborted and waited for.
 */
import type { Crc32c, Digests } from './iscsi/digest.ts';
import { digestBytes, noDigests } from './iscsi/digest.ts';
import { cdbAt, cmdSnAt, fits, putGoodAnswer, tagAt } from './iscsi/express.ts';
import { bhsBytes } from './iscsi/pdu.ts';
import type { Session } from './iscsi/session.ts';
import type { SessionEffect } from './iscsi/session-events.ts';
import type { Task } from './iscsi/task.ts';
import type { LogicalUnit } from './scsi/logical-unit.ts';
import type { Nexus } from './scsi/nexus.ts';
import type { Admission } from './server-admission.ts';
import type { TargetCounters } from './server-counters.ts';
import type { Outbox } from './server-outbox.ts';
import { PlainTask, type PlainTaskEnd } from './server-plain-task.ts';
import type { QuickVolume, VolumeError } from './volume.ts';

export interface ExpressHost {
  readonly session: Session;
  readonly unit: LogicalUnit;
  readonly outbox: Outbox;
  readonly admission: Admission;
  readonly counters: TargetCounters;
  readonly crc32c: Crc32c;
  readonly apply: (effects: readonly SessionEffect[]) => void;
}

/** Longest data of a plain command: what fits one PDU of ours. */
const plainBytesMax = 262_144;
const nothing = new Uint8Array(0);

export class ExpressLane implements PlainTaskEnd {
  digests: Digests = noDigests;
  readonly #o: ExpressHost;
  /** Not over yet. */
  readonly #running = new Set<PlainTask>();
  readonly #spare: PlainTask[] = [];
  readonly #numbers = { statSn: 0, expCmdSn: 0, maxCmdSn: 0 };
  #held: QuickVolume | undefined;
  #closed = false;

  constructor(host: ExpressHost) {
    this.#o = host;
  }

  get isIdle(): boolean {
    return this.#running.size === 0;
  }

  /** From now on nobody is answered. */
  close(): void {
    this.#closed = true;
  }

  /** Commands that are taken until `release` came together. */
  hold(): void {
    this.#held = this.#o.unit.volume.quick;
    this.#held?.hold?.();
  }

  release(): void {
    this.#held?.release?.();
    this.#held = undefined;
  }

  /** When this task is over; undefined: it is. */
  endOf(task: Task): Promise<void> | undefined {
    for (const running of this.#running) if (running === task) return running.end();
    return undefined;
  }

  /** When the tasks that run now are over. */
  ends(): Promise<void>[] {
    return Array.from(this.#running, (task) => task.end());
  }

  /** True: the SCSI command PDU at `at`, which lies there whole, is taken care of. False: it is none of ours, untouched. */
  take(nexus: Nexus, buffer: Uint8Array, view: DataView, at: number): boolean {
    const { session, unit, admission, counters } = this.#o;
    const plain = unit.plain(nexus, view, cdbAt(at));
    const parameters = session.plainUnder;
    if (plain === undefined || parameters === undefined || !fits(view, at, plain)) return false;
    const { write, offsetBytes, lengthBytes } = plain;
    const bytesMax = write
      ? parameters.immediateData
        ? parameters.firstBurstBytes
        : 0
      : Math.min(parameters.sendSegmentBytesMax, parameters.maxBurstBytes);
    const { quick } = unit.volume;
    if (lengthBytes > bytesMax || lengthBytes > plainBytesMax || quick === undefined) return false;
    if (!admission.hasRoom(lengthBytes)) return false;
    const dataAt = at + bhsBytes + (this.digests.header ? digestBytes : 0);
    if (!this.#isIntact(buffer, view, at, dataAt, write ? lengthBytes : 0)) return false;
    const tag = tagAt(view, at);
    if (!session.beginPlain(cmdSnAt(view, at), tag)) return false;
    counters.countPlain(write, lengthBytes);
    const task = this.#spare.pop() ?? new PlainTask(this);
    task.begin(tag, write, lengthBytes);
    const data = write ? buffer.subarray(dataAt, dataAt + lengthBytes) : nothing;
    if (write) quick.write(offsetBytes, data, task, plain.fua ? nexus.initiator : undefined);
    else quick.read(offsetBytes, lengthBytes, task);
    if (task.isOver) this.#spare.push(task);
    else this.#run(task);
    return true;
  }

  done(task: PlainTask, problem: VolumeError | undefined, data: Uint8Array | undefined): void {
    const { session, unit, admission } = this.#o;
    const { group } = task;
    if (problem !== undefined) {
      if (group === undefined) session.runPlain(task);
      if (!this.#closed) {
        const outcome = unit.failed(problem);
        if (!session.isAborted(task)) outcome.answered?.();
        this.#o.apply(session.step({ type: 'done', task, outcome }));
      }
    } else if (group === undefined) {
      session.endPlain();
      this.#answer(task.tag, data);
    } else if (session.endPlainTask(task) && !this.#closed) this.#answer(task.tag, data);
    if (group === undefined) return;
    this.#running.delete(task);
    task.ended();
    this.#spare.push(task);
    admission.leave(task.expectedBytes);
    unit.leave(group);
  }

  #run(task: PlainTask): void {
    const { session, unit, admission } = this.#o;
    session.runPlain(task);
    admission.take(task.expectedBytes);
    task.group = unit.enter();
    this.#running.add(task);
  }

  /** What is damaged is left to the decoder, which knows what to say of it. */
  #isIntact(buffer: Uint8Array, view: DataView, at: number, dataAt: number, dataBytes: number): boolean {
    const { header, data } = this.digests;
    const { crc32c } = this.#o;
    const headerEnd = at + bhsBytes;
    if (header && crc32c(buffer.subarray(at, headerEnd)) !== view.getUint32(headerEnd, true)) return false;
    if (!data || dataBytes === 0) return true;
    const dataEnd = dataAt + dataBytes;
    return crc32c(buffer.subarray(dataAt, dataEnd)) === view.getUint32(dataEnd, true);
  }

  #answer(tag: number, data: Uint8Array | undefined): void {
    const { session, outbox, crc32c } = this.#o;
    const dataBytes = data === undefined ? 0 : data.byteLength;
    const headerBytes = bhsBytes + (this.digests.header ? digestBytes : 0);
    const trailerBytes = this.digests.data && dataBytes > 0 ? digestBytes : 0;
    const at = outbox.reserve(headerBytes + dataBytes + trailerBytes);
    const { slab, view } = outbox;
    session.stampPlain(this.#numbers);
    putGoodAnswer(view, at, tag, dataBytes, this.#numbers);
    if (this.digests.header) view.setUint32(at + bhsBytes, crc32c(slab.subarray(at, at + bhsBytes)), true);
    if (data === undefined) return;
    slab.set(data, at + headerBytes);
    if (trailerBytes > 0) view.setUint32(at + headerBytes + dataBytes, crc32c(data), true);
  }
}
