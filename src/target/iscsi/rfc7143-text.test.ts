/** RFC 7143: keys and texts. */
import { describe, expect, test } from '@jest/globals';
import { Header, noTag, pairsOf, reply, textOf, type Pdu } from '../../../e2e/initiator/wire.ts';
import {
  discoveryNames,
  final,
  immediate,
  iqn,
  keysOf,
  kinds,
  nameKeys,
  one,
  statusOf,
  Talk,
} from '../../testing/iscsi-talk.ts';

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
