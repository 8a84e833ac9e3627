/**
 * Walks RFC 7143 by section. What is not here is below, with the reason; CHAP's own cases are in chap.test.ts, the data of
 * writes in data-out.test.ts, framing and digests in decoder.test.ts, sessions beside each other in
 * ../server.component.test.ts.
 */
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Header, noTag, pairsOf, reply, textOf, type Pdu } from '../../../e2e/initiator/wire.ts';
import {
  bytesOf,
  discoveryNames,
  final,
  good,
  immediate,
  iqn,
  keysOf,
  kinds,
  nameKeys,
  one,
  statusOf,
  Talk,
  wishes,
} from '../../testing/iscsi-talk.ts';
import { loginStatus } from './errors.ts';
import { initiatorPdu, targetPdu } from './pdu.ts';

/** Sections that are left out, and why. */
const leftOut: Readonly<Record<string, string>> = {
  '4.4.3 consequences of several connections':
    'MaxConnections=1: one connection is what multipath uses, once per path',
  '6.2.2 markers': 'removed from the protocol',
  '7.1.4 within-command recovery, 7.1.5 within-connection recovery':
    'ErrorRecoveryLevel=0: initiators log in again',
  '7.4.3 task reassignment': 'needs ErrorRecoveryLevel 2; the function is answered 4',
  '9.3 IPsec': 'is a matter of the network',
  '11.16 SNACK': 'needs ErrorRecoveryLevel 1; answered with a Reject',
  '12.1.1 Kerberos, 12.1.2 SRP':
    'no initiator in use offers nothing else; a list without CHAP or None is refused',
};
test('what is left out has a reason', () => {
  for (const reason of Object.values(leftOut)) expect(reason).not.toBe('');
});

describe('§11 PDUs', () => {
  // opcode → section and name, as the RFC lists them
  test.each([
    [0x00, '11.18 NOP-Out', 'nopOut'],
    [0x01, '11.3 SCSI Command', 'scsiCommand'],
    [0x02, '11.5 Task Management Function Request', 'taskManagement'],
    [0x03, '11.12 Login Request', 'loginRequest'],
    [0x04, '11.10 Text Request', 'textRequest'],
    [0x05, '11.7 SCSI Data-Out', 'dataOut'],
    [0x06, '11.14 Logout Request', 'logoutRequest'],
    [0x10, '11.16 SNACK Request', 'snackRequest'],
  ] as const)('0x%i §%s is decoded', (opcode, _section, kind) => {
    expect(initiatorPdu[kind].opcode).toBe(opcode);
  });
  test.each([
    [0x20, '11.19 NOP-In', 'nopIn'],
    [0x21, '11.4 SCSI Response', 'scsiResponse'],
    [0x22, '11.6 Task Management Function Response', 'taskManagementResponse'],
    [0x23, '11.13 Login Response', 'loginResponse'],
    [0x24, '11.11 Text Response', 'textResponse'],
    [0x25, '11.7 SCSI Data-In', 'dataIn'],
    [0x26, '11.15 Logout Response', 'logoutResponse'],
    [0x31, '11.8 Ready To Transfer', 'readyToTransfer'],
    [0x32, '11.9 Asynchronous Message', 'asyncMessage'],
    [0x3f, '11.17 Reject', 'reject'],
  ] as const)('0x%i §%s is sent', (opcode, _section, kind) => {
    expect(targetPdu[kind].opcode).toBe(opcode);
  });
});

describe('§13 keys: what each is answered in a normal session', () => {
  test.each([
    ['13.1 HeaderDigest', 'HeaderDigest=CRC32C,None', 'CRC32C'],
    ['13.1 DataDigest', 'DataDigest=None,CRC32C', 'None'],
    ['13.1 a digest that nobody knows', 'DataDigest=MD4', 'Reject'],
    ['13.2 MaxConnections', 'MaxConnections=8', '1'],
    ['13.3 SendTargets is for full feature phase', 'SendTargets=All', 'NotUnderstood'],
    ['13.5 InitiatorAlias', 'InitiatorAlias=me', undefined],
    ['13.10 InitialR2T', 'InitialR2T=Yes', 'Yes'],
    ['13.11 ImmediateData', 'ImmediateData=No', 'No'],
    ['13.12 MaxRecvDataSegmentLength is declared', 'MaxRecvDataSegmentLength=4096', '262144'],
    ['13.13 … too small', 'MaxBurstLength=511', 'Reject'],
    ['13.13 MaxBurstLength', 'MaxBurstLength=16776192', '262144'],
    ['13.14 FirstBurstLength', 'FirstBurstLength=512', '512'],
    ['13.15 DefaultTime2Wait', 'DefaultTime2Wait=0', '2'],
    ['13.16 DefaultTime2Retain', 'DefaultTime2Retain=20', '0'],
    ['13.17 MaxOutstandingR2T', 'MaxOutstandingR2T=65535', '8'],
    ['13.18 DataPDUInOrder', 'DataPDUInOrder=No', 'Yes'],
    ['13.19 DataSequenceInOrder', 'DataSequenceInOrder=No', 'Yes'],
    ['13.20 ErrorRecoveryLevel', 'ErrorRecoveryLevel=2', '0'],
    ['13.22 private keys', 'X-com.example.knob=1', 'NotUnderstood'],
    ['13.23 TaskReporting', 'TaskReporting=FastAbort,RFC3720', 'RFC3720'],
    ['13.24 iSCSIProtocolLevel', 'iSCSIProtocolLevel=2', '1'],
    ['13.25 markers of RFC 3720', 'IFMarker=Yes', 'No'],
    ['6.1 no number', 'MaxBurstLength=many', 'Reject'],
    ['6.1 hexadecimal', 'MaxBurstLength=0x1000', '4096'],
    ['6.2 neither Yes nor No', 'ImmediateData=Maybe', 'Reject'],
  ])('§%s: %s', (_section, offer, answer) => {
    const [key = '', value = ''] = offer.split('=');
    const response = new Talk().login(1, 3, { ...nameKeys, [key]: value });
    expect([statusOf(response), keysOf(response)[key]]).toEqual([0, answer]);
  });
  test('in a discovery session, what is about commands is irrelevant', () => {
    const keys = [
      'MaxConnections=1',
      'InitialR2T=No',
      'ImmediateData=Yes',
      'MaxBurstLength=512',
      'FirstBurstLength=512',
    ];
    const offered = Object.fromEntries(keys.map((each) => each.split('=') as [string, string]));
    const answered = keysOf(new Talk().login(1, 3, { ...discoveryNames, ...offered }));
    for (const key of Object.keys(offered)) expect([key, answered[key]]).toEqual([key, 'Irrelevant']);
  });
});

describe('§11.13.5 login redirection', () => {
  test('a normal session is sent to the other address, a discovery session is not', () => {
    const talk = new Talk({ movedTo: '192.0.2.9:3260' });
    const response = talk.login(0, 1, nameKeys);
    expect([statusOf(response), keysOf(response)]).toEqual([0x0101, { TargetAddress: '192.0.2.9:3260' }]);
    expect(talk.closed).toContain('192.0.2.9:3260');
    expect(statusOf(new Talk({ movedTo: '192.0.2.9:3260' }).login(1, 3, discoveryNames))).toBe(0);
  });
  test('who asks for another target is told that, not where this one went', () => {
    const names = { ...nameKeys, TargetName: 'iqn.2001-01.com.example:other' };
    expect(statusOf(new Talk({ movedTo: '192.0.2.9:3260' }).login(1, 3, names))).toBe(0x0203);
  });
});

describe('§11.9 Async Message', () => {
  test('a request to log out, with the time there is; it counts as a status', () => {
    const talk = new Talk().enter();
    const pdu = one(talk.step({ type: 'askLogout', seconds: 3 }));
    expect([pdu.opcode, pdu.header[36], pdu.view.getUint16(42), pdu.view.getUint32(16)]).toEqual([
      reply.async,
      1,
      3,
      noTag,
    ]);
    const next = one(talk.step({ type: 'unitEvent', sense: Uint8Array.of(0x70, 0, 6) }));
    expect(next.view.getUint32(24)).toBe(pdu.view.getUint32(24) + 1);
    expect([next.header[36], [...next.data]]).toEqual([0, [0, 3, 0x70, 0, 6]]);
  });
  test('neither before the login is over nor in a discovery session', () => {
    expect(new Talk().step({ type: 'askLogout', seconds: 3 })).toEqual([]);
    const discovery = new Talk().enter({}, discoveryNames as typeof nameKeys);
    expect(discovery.step({ type: 'unitEvent', sense: new Uint8Array(18) })).toEqual([]);
  });
});

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

test('§4.2.2.2 a status without data counts too', () => {
  const talk = new Talk().enter();
  talk.command(1);
  talk.command(2);
  const numbers = talk.ran.map(({ task }) => one(talk.done(task, good)).view.getUint32(24));
  expect(numbers[1]).toBe((numbers[0] ?? 0) + 1);
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
  const chap = { users: new Map([['joe', [{ secret: 'joe-secret' }]]]) };
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

  test('of a write no more than the target takes is asked for, and kept', () => {
    const talk = new Talk({ limits: { transferBytesMax: 4096 } }).enter();
    const asked = talk.command(1, { write: 8192 });
    expect(asked.map(({ opcode, view }) => [opcode, view.getUint32(40), view.getUint32(44)])).toEqual([
      [reply.readyToTransfer, 0, 4096],
    ]);
    talk.dataOut(1, asked[0]!.view.getUint32(20), 0, 0, bytesOf(4096), true);
    expect(talk.ran.map(({ data }) => data.byteLength)).toEqual([4096]);
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
  test('a reset ends writes that have asked and those that wait to, and none of them asks any more', () => {
    const talk = new Talk({ limits: { solicitedBytesMax: 4096 } }).enter({
      InitialR2T: 'Yes',
      ImmediateData: 'No',
    });
    for (const tag of [1, 2, 3]) talk.command(tag, { write: 4096 });
    expect(kinds(talk.management(5))).toEqual([]);
    expect(kinds(talk.answerManaged(talk.managed[0]!))).toEqual(['taskManagement']);
    expect(kinds(talk.command(4, { write: 4096 }))).toEqual(['readyToTransfer']);
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
  test('ABORT TASK: a task that still collects data gives its place in the window back', () => {
    const talk = new Talk().enter();
    const room = ({ view }: Pdu) => view.getUint32(32) - view.getUint32(28);
    const before = room(one(talk.management(1, { referenced: 99 })));
    talk.command(7, { write: 1 << 20, more: true });
    talk.management(1, { tag: 901, referenced: 7 });
    const [request] = talk.managed;
    if (request === undefined) throw new Error('the function was not handed on');
    expect(room(one(talk.answerManaged(request)))).toBe(before);
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
    expect(ask(talk, 'Alle')).toEqual([['SendTargets', 'Reject']]);
  });
  const part = (talk: Talk, tag: number, data: Uint8Array, flags: number) =>
    one(talk.send(new Header(0x04 | immediate, flags).u32(16, 5).u32(20, tag), data));
  const continues = 0x40;
  test('text in several PDUs goes on under the tag of the target, and begins anew without one', () => {
    const talk = new Talk().enter();
    const tagOf = (answer: Pdu) => answer.view.getUint32(20);
    part(talk, noTag, textOf({ 'X-forgotten': '1' }), continues);
    const first = tagOf(part(talk, noTag, textOf({ 'X-a': '1' }), continues));
    expect(part(talk, first + 1, textOf({ 'X-b': '2' }), final).opcode).toBe(reply.reject);
    const second = tagOf(part(talk, first, textOf({ 'X-c': '3' }), continues));
    expect(pairsOf(part(talk, second, textOf({ 'X-d': '4' }), final).data)).toEqual([
      ['X-a', 'NotUnderstood'],
      ['X-c', 'NotUnderstood'],
      ['X-d', 'NotUnderstood'],
    ]);
    expect(part(talk, second, textOf({ 'X-e': '5' }), final).opcode).toBe(reply.reject);
    expect(talk.closed).toBeUndefined();
  });
  test('text is bounded, in a login too', () => {
    const long = { 'X-com.example.long': 'a'.repeat(65_536) };
    expect(statusOf(new Talk().login(0, 1, { ...nameKeys, ...long }))).toBe(0x0200);
    const talk = new Talk().enter();
    const answer = part(talk, noTag, textOf(long), final);
    expect([answer.opcode, answer.header[2]]).toEqual([reply.reject, 0x0a]);
    expect(talk.closed).toContain('text too long');
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
