/** Walks RFC 7143 by section, as far as it is built: frames of the independent initiator in, frames it can read out. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  frame,
  Header,
  noTag,
  pairsOf,
  Reader,
  reply,
  textOf,
  type Pdu,
} from '../../../e2e/initiator/wire.ts';
import type { ChapCredentials } from './chap.ts';
import { PduDecoder } from './decoder.ts';
import { PduEncoder } from './encoder.ts';
import { loginStatus, ProtocolError, type LoginStatus } from './errors.ts';
import { receiveSegmentBytesMax } from './login-keys.ts';
import {
  defaultSessionLimits,
  Session,
  type ManagementRequest,
  type SessionEffect,
  type SessionLimits,
} from './session.ts';
import type { Task, TaskOutcome } from './task.ts';

const iqn = 'iqn.2016-09.com.openebs.cstor:pvc-7';
const immediate = 0x40;
const final = 0x80;

interface TalkOptions {
  readonly chap?: ChapCredentials;
  readonly limits?: Partial<SessionLimits>;
  readonly admit?: LoginStatus;
}

/** A session and the initiator's end of the wire. */
class Talk {
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

  constructor({ chap, limits, admit = loginStatus.success }: TalkOptions = {}) {
    this.#session = new Session(
      {
        iqn,
        chap,
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

const nameKeys = {
  InitiatorName: 'iqn.2016-09.com.openebs.csi:node-1',
  SessionType: 'Normal',
  TargetName: iqn,
};
const discoveryNames = { InitiatorName: 'iqn.2016-09.com.openebs.csi:node-1', SessionType: 'Discovery' };
const wishes = {
  InitialR2T: 'No',
  ImmediateData: 'Yes',
  MaxRecvDataSegmentLength: '8192',
  FirstBurstLength: '65536',
  MaxOutstandingR2T: '4',
};
const good: TaskOutcome = { status: 0, transferBytes: 0 };

function one(pdus: readonly Pdu[]): Pdu {
  expect(pdus).toHaveLength(1);
  const pdu = pdus[0];
  if (pdu === undefined) throw new Error('no PDU');
  return pdu;
}
const statusOf = ({ view }: Pdu) => view.getUint16(36);
const keysOf = ({ data }: Pdu) => Object.fromEntries(pairsOf(data));
const bytesOf = (length: number) => Uint8Array.from({ length }, (_, i) => i * 7);
const kinds = (pdus: readonly Pdu[]) =>
  pdus.map(({ opcode }) => Object.entries(reply).find(([, code]) => code === opcode)?.[0]);

describe('§4.2.2.1 command numbering', () => {
  test('ExpCmdSN and MaxCmdSN of every answer follow the commands that arrived and those that run', () => {
    const talk = new Talk({ limits: { commandsMax: 4 } }).enter();
    talk.command(1);
    talk.command(2);
    const { view } = one(talk.done(talk.ran[0]!.task, good));
    expect([view.getUint32(28), view.getUint32(32)]).toEqual([52, 54]); // two in, one still runs, three places left
  });
  test('a command outside the window is ignored without a word', () => {
    const talk = new Talk({ limits: { commandsMax: 4 } }).enter();
    expect(talk.command(1, { cmdSn: 49 })).toEqual([]);
    expect(talk.command(2, { cmdSn: 54 })).toEqual([]);
    expect([talk.ran.length, talk.closed]).toEqual([0, undefined]);
  });
  test('a gap ends the session at error recovery level 0', () => {
    const talk = new Talk().enter();
    expect(kinds(talk.command(1, { cmdSn: 51 }))).toEqual(['reject']);
    expect(talk.closed).toContain('gap');
  });
  test('immediate commands have no place in the window, and are bounded', () => {
    const talk = new Talk({ limits: { commandsMax: 1, immediateMax: 2 } }).enter();
    talk.command(1);
    talk.command(2, { immediate: true });
    talk.command(3, { immediate: true });
    const rejected = one(talk.command(4, { immediate: true }));
    expect([rejected.opcode, rejected.header[2]]).toEqual([reply.reject, 0x06]);
    expect(talk.ran).toHaveLength(3);
  });
});

describe('§4.2.2.2 status numbering', () => {
  test('StatSN grows by one with every status, not with data or a ping', () => {
    const talk = new Talk({ limits: { nopAfterMs: 10 } }).enter();
    talk.command(1, { read: 20_000 });
    const answers = talk.done(talk.ran[0]!.task, { status: 0, data: bytesOf(20_000), transferBytes: 20_000 });
    expect(kinds(answers)).toEqual(['dataIn', 'dataIn', 'dataIn']);
    const ping = one(talk.tick(1000));
    talk.command(2);
    const next = one(talk.done(talk.ran[1]!.task, good));
    const last = answers[2]!.view.getUint32(24);
    expect([ping.view.getUint32(24), next.view.getUint32(24)]).toEqual([last + 1, last + 1]);
  });
});

describe('§6.3 login', () => {
  test('straight into the operational stage: group tag, our declaration, digests, a session handle', () => {
    const talk = new Talk();
    const response = talk.login(1, 3, {
      ...nameKeys,
      ...wishes,
      HeaderDigest: 'None',
      MaxBurstLength: '1048576',
    });
    expect(statusOf(response)).toBe(0);
    expect([response.flags, response.view.getUint16(14)]).toEqual([final | (1 << 2) | 3, 9]);
    expect(keysOf(response)).toEqual({
      HeaderDigest: 'None',
      InitialR2T: 'No',
      ImmediateData: 'Yes',
      FirstBurstLength: '65536',
      MaxOutstandingR2T: '4',
      MaxBurstLength: '262144',
      MaxRecvDataSegmentLength: '262144',
      TargetPortalGroupTag: '1',
    });
  });
  test('through the security stage without authentication', () => {
    const talk = new Talk();
    expect(keysOf(talk.login(0, 1, { ...nameKeys, AuthMethod: 'CHAP,None' }))).toEqual({
      AuthMethod: 'None',
      TargetPortalGroupTag: '1',
    });
    expect(statusOf(talk.login(1, 3, wishes))).toBe(0);
  });
  test('a text in pieces (the C bit) is answered when it is whole', () => {
    const talk = new Talk();
    const header = () =>
      new Header(0x03 | immediate, 1 << 2).u32(8, 0x8000_0001).u16(12, 0x0203).u32(24, talk.cmdSn);
    const text = Buffer.from(textOf({ ...nameKeys, MaxBurstLength: '4096' }));
    const first = header();
    first.bytes[1] = 0x40 | (1 << 2);
    expect(keysOf(one(talk.send(first, text.subarray(0, 70))))).toEqual({});
    expect(keysOf(one(talk.send(header(), text.subarray(70))))).toMatchObject({ MaxBurstLength: '4096' });
  });
  test('the initiator answers keys of ours: nothing to answer to that', () => {
    const talk = new Talk();
    expect(
      keysOf(talk.login(1, undefined, { ...nameKeys, TargetAlias: 'NotUnderstood' })),
    ).not.toHaveProperty('TargetAlias');
  });

  test.each<[string, Record<string, string>, number]>([
    ['no initiator name', { TargetName: iqn }, 0x0207],
    ['a name that is none', { ...nameKeys, InitiatorName: 'node-1' }, 0x0207],
    ['no target name', { InitiatorName: nameKeys.InitiatorName }, 0x0207],
    ['another target', { ...nameKeys, TargetName: `${iqn}8` }, 0x0203],
    ['an unknown session type', { ...nameKeys, SessionType: 'Party' }, 0x0209],
  ])('%s is refused', (_what, keys, status) => {
    const talk = new Talk();
    expect(statusOf(talk.login(1, 3, keys))).toBe(status);
    expect(talk.closed).toBeDefined();
  });
  test('the target name in capitals is the same target', () => {
    expect(statusOf(new Talk().login(1, 3, { ...nameKeys, TargetName: iqn.toUpperCase() }))).toBe(0);
  });
  test('a key that comes twice ends the login', () => {
    const talk = new Talk();
    talk.login(1, undefined, { ...nameKeys, MaxBurstLength: '4096' });
    expect(statusOf(talk.login(1, 3, { MaxBurstLength: '8192' }))).toBe(0x0200);
  });
  test('a stage that goes backwards or does not exist ends the login', () => {
    const back = new Talk();
    back.login(0, 1, { ...nameKeys, AuthMethod: 'None' });
    expect(statusOf(back.login(0, 1, {}))).toBe(0x0200);
    expect(statusOf(new Talk().login(1, 2, nameKeys))).toBe(0x0200);
    expect(statusOf(new Talk().login(2, 3, nameKeys))).toBe(0x0200);
  });
  test('a later version than ours is refused', () => {
    expect(statusOf(new Talk().login(1, 3, nameKeys, { versionMin: 1 }))).toBe(0x0205);
  });
  test.each([
    loginStatus.notAllowed,
    loginStatus.outOfResources,
    loginStatus.serviceUnavailable,
    loginStatus.noSuchSession,
  ])('what the server answers to admission is told: 0x%i', (status) => {
    expect(statusOf(new Talk({ admit: status }).login(1, 3, nameKeys))).toBe(status);
  });
  test('anything but a login before the login is over ends the connection', () => {
    const talk = new Talk();
    expect(talk.command(1)).toEqual([]);
    expect(talk.closed).toContain('before the login');
  });
  test('a login that never ends is ended', () => {
    const talk = new Talk({ limits: { loginMsMax: 100 } });
    talk.tick(99);
    expect(talk.closed).toBeUndefined();
    talk.tick(101);
    expect(talk.closed).toContain('too long');
  });
});

describe('§12.1.3 CHAP', () => {
  const chap = { users: new Map([['joe', 'joe-secret']]) };
  const right = (id: string, challenge: string) =>
    `0x${createHash('md5')
      .update(Uint8Array.of(Number(id)))
      .update('joe-secret')
      .update(Buffer.from(challenge.slice(2), 'hex'))
      .digest('hex')}`;

  test('method, challenge, answer, then the operational stage', () => {
    const talk = new Talk({ chap });
    expect(keysOf(talk.login(0, 1, { ...nameKeys, AuthMethod: 'CHAP,None' }))).toMatchObject({
      AuthMethod: 'CHAP',
    });
    const { CHAP_I = '', CHAP_C = '' } = keysOf(talk.login(0, undefined, { CHAP_A: '5' })) as Record<
      string,
      string
    >;
    const response = talk.login(0, 1, { CHAP_N: 'joe', CHAP_R: right(CHAP_I, CHAP_C) });
    expect([statusOf(response), response.flags & final]).toEqual([0, final]);
    expect(statusOf(talk.login(1, 3, wishes))).toBe(0);
  });
  test.each<[string, (talk: Talk) => Pdu]>([
    ['skips the security stage', (talk) => talk.login(1, 3, nameKeys)],
    ['offers no CHAP', (talk) => talk.login(0, 1, { ...nameKeys, AuthMethod: 'None' })],
    ['names no method', (talk) => talk.login(0, 1, nameKeys)],
    ['names no method and jumps', (talk) => talk.login(0, 3, nameKeys)],
    ['is a discovery session without authentication', (talk) => talk.login(1, 3, discoveryNames)],
  ])('an initiator that %s is not let in', (_what, login) => {
    expect(statusOf(login(new Talk({ chap })))).toBe(0x0201);
  });
  test('no transit before the answer, however often it is asked for', () => {
    const talk = new Talk({ chap });
    talk.login(0, 1, { ...nameKeys, AuthMethod: 'CHAP' });
    for (let i = 0; i < 3; i++) expect(talk.login(0, 3, {}).flags & final).toBe(0);
  });
});

describe('§4.2.5 and §11.7 data', () => {
  test('a read goes out in segments the initiator takes, each burst ended, the status on the last', () => {
    const talk = new Talk().enter({ MaxBurstLength: '16384' });
    talk.command(1, { read: 20_000 });
    const data = bytesOf(20_000);
    const pdus = talk.done(talk.ran[0]!.task, { status: 0, data, transferBytes: 20_000 });
    // flags: F 0x80, S 0x01
    expect(
      pdus.map(({ flags, view, data: part }) => [
        flags,
        view.getUint32(36),
        view.getUint32(40),
        part.byteLength,
      ]),
    ).toEqual([
      [0x00, 0, 0, 8192],
      [0x80, 1, 8192, 8192],
      [0x81, 2, 16_384, 3616],
    ]);
    expect(Buffer.concat(pdus.map((pdu) => pdu.data)).equals(data)).toBe(true);
  });

  // transferred by the command, expected by the initiator → bits and count
  test.each([
    [512, 512, 0, 0],
    [1024, 512, 0x04, 512],
    [512, 1024, 0x02, 512],
    [0, 512, 0x02, 512],
  ])(
    'a command that moves %i of expected %i bytes tells the residual',
    (transferBytes, read, bits, residual) => {
      const talk = new Talk().enter();
      talk.command(1, { read });
      const data = transferBytes === 0 ? undefined : new Uint8Array(transferBytes);
      const pdu = talk.done(talk.ran[0]!.task, { status: 0, data, transferBytes }).at(-1)!;
      expect([pdu.flags & 0x06, pdu.view.getUint32(44)]).toEqual([bits, residual]);
      expect(pdu.data.byteLength).toBe(Math.min(transferBytes, read));
    },
  );

  test('a write collects immediate, unsolicited and solicited data in order', () => {
    const talk = new Talk().enter({ FirstBurstLength: '1024', MaxBurstLength: '1024' });
    const data = bytesOf(2560);
    expect(talk.command(1, { write: 2560, data: data.subarray(0, 512), more: true })).toEqual([]);
    const asked = talk.dataOut(1, noTag, 0, 512, data.subarray(512, 1024), true);
    expect(
      asked.map(({ opcode, view }) => [opcode, view.getUint32(36), view.getUint32(40), view.getUint32(44)]),
    ).toEqual([
      [reply.readyToTransfer, 0, 1024, 1024],
      [reply.readyToTransfer, 1, 2048, 512],
    ]);
    talk.dataOut(1, asked[0]!.view.getUint32(20), 0, 1024, data.subarray(1024, 2048), true);
    expect(talk.ran).toHaveLength(0);
    talk.dataOut(1, asked[1]!.view.getUint32(20), 0, 2048, data.subarray(2048), true);
    expect(Buffer.from(talk.ran[0]!.data).equals(Buffer.from(data))).toBe(true);
  });

  test('a wrong DataSN fails the command and nothing else', () => {
    const talk = new Talk().enter();
    talk.command(1, { write: 1024, more: true });
    const response = one(talk.dataOut(1, noTag, 27, 0, bytesOf(1024), true));
    expect([response.opcode, response.header[3], response.data[4], response.data[14]]).toEqual([
      reply.response,
      0x02,
      0x0b,
      0x4b,
    ]);
    expect([talk.ran.length, talk.closed]).toEqual([0, undefined]);
    expect(talk.dataOut(1, noTag, 28, 0, bytesOf(10), true)).toEqual([]); // the rest of it is dropped
  });

  test('asking is bounded over all writes; the next is asked when one is done', () => {
    const talk = new Talk({ limits: { solicitedBytesMax: 4096 } }).enter({
      InitialR2T: 'Yes',
      ImmediateData: 'No',
    });
    const first = one(talk.command(1, { write: 4096 }));
    expect(talk.command(2, { write: 4096 })).toEqual([]);
    const second = one(talk.dataOut(1, first.view.getUint32(20), 0, 0, bytesOf(4096), true));
    expect([second.opcode, second.view.getUint32(16)]).toEqual([reply.readyToTransfer, 2]);
  });
});

describe('§11.4 status and sense', () => {
  test('sense data follows its length', () => {
    const talk = new Talk().enter();
    talk.command(1);
    const pdu = one(
      talk.done(talk.ran[0]!.task, { status: 2, sense: Uint8Array.of(0x70, 0, 5), transferBytes: 0 }),
    );
    expect([pdu.header[3], ...pdu.data]).toEqual([2, 0, 3, 0x70, 0, 5]);
  });
});

describe('§11.5 task management', () => {
  test('ABORT TASK: a task that still collects data is gone at once', () => {
    const talk = new Talk().enter();
    talk.command(1, { write: 4096, more: true });
    talk.management(1, { referenced: 1 });
    expect(talk.managed.map(({ running }) => running.length)).toEqual([0]);
    expect(one(talk.answerManaged(talk.managed[0]!)).header[2]).toBe(0);
    expect(talk.dataOut(1, noTag, 0, 0, bytesOf(4096), true)).toEqual([]);
    expect(talk.ran).toHaveLength(0);
  });
  test('ABORT TASK: a task that runs is answered by nobody any more', () => {
    const talk = new Talk().enter();
    talk.command(1);
    talk.management(1, { referenced: 1 });
    expect(talk.managed[0]!.running).toEqual([talk.ran[0]!.task]);
    expect(talk.done(talk.ran[0]!.task, good)).toEqual([]);
  });
  test('ABORT TASK: one that is over does not exist', () => {
    const talk = new Talk().enter();
    talk.command(1);
    talk.done(talk.ran[0]!.task, good);
    expect(one(talk.management(1, { referenced: 1 })).header[2]).toBe(1);
  });
  // function, LUN → response, undefined: left to the target
  test.each([
    [2, 0, undefined],
    [3, 0, 5],
    [4, 0, undefined],
    [5, 0, undefined],
    [5, 1, 2],
    [6, 9, undefined],
    [7, 0, undefined],
    [8, 0, 4],
    [99, 0, 5],
  ])('function %i on LUN %i: %s', (fn, lun, response) => {
    const talk = new Talk().enter();
    talk.command(1);
    expect(talk.management(fn, { lun })[0]?.header[2]).toBe(response);
    expect(talk.managed).toHaveLength(response === undefined ? 1 : 0);
  });
  test('a place in the window is free again only when the aborted task is really over', () => {
    const talk = new Talk({ limits: { commandsMax: 1 } }).enter();
    talk.command(1);
    talk.abortTasks();
    expect(talk.command(2)).toEqual([]);
    expect(talk.ran).toHaveLength(1);
    talk.done(talk.ran[0]!.task, good);
    talk.command(2, { cmdSn: talk.cmdSn - 1 });
    expect(talk.ran).toHaveLength(2);
  });
  test('a cold reset ends the session', () => {
    const talk = new Talk().enter();
    talk.management(7);
    expect(kinds(talk.answerManaged(talk.managed[0]!))).toEqual(['taskManagement']);
    expect(talk.closed).toBe('target cold reset');
  });
});

describe('§11.10 text, Appendix C', () => {
  const ask = (talk: Talk, value: string) =>
    pairsOf(
      one(
        talk.send(
          new Header(0x04 | immediate, final).u32(16, 5).u32(20, noTag),
          textOf({ SendTargets: value }),
        ),
      ).data,
    );
  const ours = [
    ['TargetName', iqn],
    ['TargetAddress', '192.0.2.1:3260,1'],
  ];
  test('a discovery session lists the target', () => {
    expect(ask(new Talk().enter({}, discoveryNames as typeof nameKeys), 'All')).toEqual(ours);
  });
  test('a normal session learns of its own target only', () => {
    const talk = new Talk().enter();
    expect(ask(talk, '')).toEqual(ours);
    expect(ask(talk, iqn)).toEqual(ours);
    expect(ask(talk, 'iqn.2001-01.com.example:other')).toEqual([]);
    expect(ask(talk, 'All')).toEqual([['SendTargets', 'Reject']]);
  });
  test('a discovery session runs no commands', () => {
    const talk = new Talk().enter({}, discoveryNames as typeof nameKeys);
    expect(kinds(talk.command(1))).toEqual(['reject']);
    expect(talk.closed).toContain('discovery');
  });
});

describe('§11.14 logout', () => {
  const logout = (talk: Talk, reason: number) =>
    one(talk.send(new Header(0x06 | immediate, final | reason).u32(16, 5)));
  test.each([0, 1])('reason %i ends the session', (reason) => {
    const talk = new Talk().enter();
    expect(logout(talk, reason).header[2]).toBe(0);
    expect(talk.closed).toBe('logged out');
  });
  test('recovery of a connection is not supported', () => {
    const talk = new Talk().enter();
    expect(logout(talk, 2).header[2]).toBe(2);
    expect(talk.closed).toBeUndefined();
  });
});

describe('§11.17 reject', () => {
  test.each<[string, Header, number]>([
    ['an unknown opcode', new Header(0x1c, final), 0x05],
    ['a SNACK', new Header(0x10, final), 0x03],
    ['a second login', new Header(0x43, final | 7), 0x04],
  ])('%s', (_what, header, reason) => {
    const pdu = one(new Talk().enter().send(header));
    expect([pdu.opcode, pdu.header[2], Buffer.from(pdu.data).equals(Buffer.from(header.bytes))]).toEqual([
      reply.reject,
      reason,
      true,
    ]);
  });
  test('a tag that is in use', () => {
    const talk = new Talk().enter();
    talk.command(1);
    expect(one(talk.command(1)).header[2]).toBe(0x07);
    expect(talk.closed).toBeUndefined();
  });
});

describe('§11.18 NOP', () => {
  test('a ping comes back with its data, cut to what the initiator takes', () => {
    const talk = new Talk().enter({ MaxRecvDataSegmentLength: '512' });
    const pdu = one(talk.send(new Header(0x00 | immediate, final).u32(16, 5).u32(20, noTag), bytesOf(600)));
    expect([pdu.opcode, pdu.view.getUint32(16), pdu.view.getUint32(20), pdu.data.byteLength]).toEqual([
      reply.nopIn,
      5,
      noTag,
      512,
    ]);
  });
  test('silence is probed, and a session that stays silent ends', () => {
    const talk = new Talk({ limits: { nopAfterMs: 5000, nopTimeoutMs: 10_000 } }).enter();
    expect(talk.tick(4000)).toEqual([]);
    const probe = one(talk.tick(5001));
    expect([probe.opcode, probe.view.getUint32(16)]).toEqual([reply.nopIn, noTag]);
    talk.nowMs = 6000;
    expect(
      talk.send(new Header(0x00 | immediate, final).u32(16, noTag).u32(20, probe.view.getUint32(20))),
    ).toEqual([]);
    talk.tick(15_500);
    expect(talk.closed).toBeUndefined();
    talk.tick(25_501);
    expect(talk.closed).toBe('the initiator does not answer');
  });
});
