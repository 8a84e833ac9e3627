/**
 * Walks RFC 7143 by section, with rfc7143-*.test.ts beside it. What is in none of them is below, with the reason; CHAP's own
 * cases are in chap.test.ts, the data of writes in data-out.test.ts, framing and digests in decoder.test.ts, sessions beside
 * each other in ../server*.component.test.ts.
 */
import { describe, expect, test } from '@jest/globals';
import { Header, noTag, reply } from '../../../e2e/initiator/wire.ts';
import {
  bytesOf,
  discoveryNames,
  final,
  immediate,
  type nameKeys,
  one,
  Talk,
} from '../../testing/iscsi-talk.ts';
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
