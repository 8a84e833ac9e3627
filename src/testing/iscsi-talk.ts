/** A session and the initiator's end of the wire: frames of the independent initiator in, frames it can read out. */
import { frame, Header, noTag, pairsOf, Reader, reply, textOf, type Pdu } from '../../e2e/initiator/wire.ts';
import type { ChapCredentials } from '../target/iscsi/chap.ts';
import { PduDecoder } from '../target/iscsi/decoder.ts';
import { PduEncoder } from '../target/iscsi/encoder.ts';
import { loginStatus, ProtocolError, type LoginStatus } from '../target/iscsi/errors.ts';
import { receiveSegmentBytesMax } from '../target/iscsi/login-keys.ts';
import { Session } from '../target/iscsi/session.ts';
import {
  defaultSessionLimits,
  type ManagementRequest,
  type SessionEffect,
  type SessionEvent,
  type SessionLimits,
} from '../target/iscsi/session-events.ts';
import type { Task, TaskOutcome } from '../target/iscsi/task.ts';

export const iqn = 'iqn.2016-09.com.openebs.cstor:pvc-7';
export const immediate = 0x40;
export const final = 0x80;

export interface TalkOptions {
  readonly chap?: ChapCredentials;
  readonly limits?: Partial<SessionLimits>;
  readonly admit?: LoginStatus;
  readonly movedTo?: string;
}

/** A session and the initiator's end of the wire. */
export class Talk {
  nowMs = 0;
  cmdSn = 50;
  readonly ran: { readonly task: Task; readonly data: Uint8Array }[] = [];
  readonly managed: ManagementRequest[] = [];
  closed: string | undefined;
  readonly #session: Session;
  readonly #crc32c = () => 0;
  readonly #decoder = new PduDecoder({ dataSegmentBytesMax: receiveSegmentBytesMax, crc32c: this.#crc32c });
  readonly #encoder = new PduEncoder({ crc32c: this.#crc32c });
  readonly #reader = new Reader();

  constructor({ chap, limits, admit = loginStatus.success, movedTo }: TalkOptions = {}) {
    this.#session = new Session(
      {
        iqn,
        chap,
        movedTo: () => movedTo,
        random: (bytes) => new Uint8Array(bytes).fill(0x77),
        admit: () => ({ status: admit, tsih: 9 }),
        advertised: { iqn, address: '192.0.2.1:3260' },
        hasLun: (lun) => lun === 0,
        limits: { ...defaultSessionLimits, ...limits },
      },
      0,
    );
  }

  send(header: Header, data: Uint8Array = new Uint8Array(0)): readonly Pdu[] {
    const out: Pdu[] = [];
    try {
      for (const pdu of this.#decoder.push(frame(header, data, { header: false, data: false })))
        out.push(...this.#apply(this.#session.step({ type: 'pdu', pdu, nowMs: this.nowMs })));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      out.push(...this.#apply(this.#session.fail(error)));
    }
    return out;
  }
  done(task: Task, outcome: TaskOutcome): readonly Pdu[] {
    return this.#apply(this.#session.step({ type: 'done', task, outcome }));
  }
  answerManaged(request: ManagementRequest): readonly Pdu[] {
    return this.#apply(this.#session.step({ type: 'managed', request }));
  }
  step(event: SessionEvent): readonly Pdu[] {
    return this.#apply(this.#session.step(event));
  }
  abortTasks(): readonly Pdu[] {
    return this.#apply(this.#session.step({ type: 'abortTasks', lun: undefined }));
  }
  tick(nowMs: number): readonly Pdu[] {
    this.nowMs = nowMs;
    return this.#apply(this.#session.step({ type: 'tick', nowMs }));
  }

  #apply(effects: readonly SessionEffect[]): readonly Pdu[] {
    const out: Pdu[] = [];
    for (const effect of effects) {
      if (effect.type === 'send')
        out.push(...this.#reader.push(Buffer.concat(this.#encoder.encode(effect.pdu))));
      else if (effect.type === 'run') this.ran.push(effect);
      else if (effect.type === 'manage') this.managed.push(effect.request);
      else if (effect.type === 'close') this.closed = effect.why;
    }
    return out;
  }

  // ---- what an initiator says

  login(
    stage: number,
    next: number | undefined,
    keys: Readonly<Record<string, string>>,
    more: { tsih?: number; versionMin?: number } = {},
  ): Pdu {
    const header = new Header(0x03 | immediate, (next === undefined ? 0 : final | next) | (stage << 2));
    header.bytes[3] = more.versionMin ?? 0;
    header
      .u32(8, 0x8000_0001)
      .u16(12, 0x0203)
      .u16(14, more.tsih ?? 0)
      .u32(16, 1)
      .u32(24, this.cmdSn);
    return one(this.send(header, textOf(keys)));
  }
  /** To full feature phase. */
  enter(keys: Readonly<Record<string, string>> = {}, names = nameKeys): this {
    const { view } = this.login(1, 3, { ...names, ...wishes, ...keys });
    if (view.getUint16(36) !== 0) throw new Error(`login refused: ${view.getUint16(36)}`);
    return this;
  }
  command(
    tag: number,
    more: {
      cdb?: number[];
      read?: number;
      write?: number;
      data?: Uint8Array;
      more?: boolean;
      immediate?: boolean;
      cmdSn?: number;
      lun?: number;
    } = {},
  ): readonly Pdu[] {
    const flags =
      (more.more === true ? 0 : final) |
      (more.read === undefined ? 0 : 0x40) |
      (more.write === undefined ? 0 : 0x20) |
      1;
    const header = new Header(0x01 | (more.immediate === true ? immediate : 0), flags).lun(more.lun ?? 0);
    header
      .u32(16, tag)
      .u32(20, more.read ?? more.write ?? 0)
      .u32(24, more.cmdSn ?? this.cmdSn);
    if (more.immediate !== true && more.cmdSn === undefined) this.cmdSn = (this.cmdSn + 1) >>> 0;
    header.bytes.set(more.cdb ?? [0], 32);
    return this.send(header, more.data);
  }
  dataOut(
    tag: number,
    transferTag: number,
    dataSn: number,
    offset: number,
    data: Uint8Array,
    last: boolean,
  ): readonly Pdu[] {
    return this.send(
      new Header(0x05, last ? final : 0).u32(16, tag).u32(20, transferTag).u32(36, dataSn).u32(40, offset),
      data,
    );
  }
  management(fn: number, more: { tag?: number; referenced?: number; lun?: number } = {}): readonly Pdu[] {
    const header = new Header(0x02 | immediate, final | fn).lun(more.lun ?? 0);
    return this.send(
      header
        .u32(16, more.tag ?? 900)
        .u32(20, more.referenced ?? noTag)
        .u32(24, this.cmdSn),
    );
  }
}

export const nameKeys = {
  InitiatorName: 'iqn.2016-09.com.openebs.csi:node-1',
  SessionType: 'Normal',
  TargetName: iqn,
};
export const discoveryNames = {
  InitiatorName: 'iqn.2016-09.com.openebs.csi:node-1',
  SessionType: 'Discovery',
};
export const wishes = {
  InitialR2T: 'No',
  ImmediateData: 'Yes',
  MaxRecvDataSegmentLength: '8192',
  FirstBurstLength: '65536',
  MaxOutstandingR2T: '4',
};
export const good: TaskOutcome = { status: 0, transferBytes: 0 };

export function one(pdus: readonly Pdu[]): Pdu {
  const pdu = pdus[0];
  if (pdu === undefined || pdus.length !== 1) throw new Error(`${pdus.length} PDUs, not one`);
  return pdu;
}
export const statusOf = ({ view }: Pdu) => view.getUint16(36);
export const keysOf = ({ data }: Pdu) => Object.fromEntries(pairsOf(data));
export const bytesOf = (length: number) => Uint8Array.from({ length }, (_, i) => i * 7);
export const kinds = (pdus: readonly Pdu[]) =>
  pdus.map(({ opcode }) => Object.entries(reply).find(([, code]) => code === opcode)?.[0]);
