/** RFC 7143: login, redirection, CHAP within the login (its own cases are in chap.test.ts). */
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { Header, textOf, type Pdu } from '../../../e2e/initiator/wire.ts';
import {
  discoveryNames,
  final,
  immediate,
  iqn,
  keysOf,
  nameKeys,
  one,
  statusOf,
  Talk,
  wishes,
} from '../../testing/iscsi-talk.ts';
import { loginStatus } from './errors.ts';

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
