import { describe, expect, test } from '@jest/globals';
import { negotiate } from './login-keys.ts';

// offer → answer ('-': a declaration, which has none) and what it changes
// prettier-ignore
const normal: readonly (readonly [string, string, string, object])[] = [
  ['HeaderDigest', 'None,CRC32C', 'None', { headerDigest: false }],
  ['HeaderDigest', 'CRC32C,None', 'CRC32C', { headerDigest: true }],
  ['HeaderDigest', 'X-mine,CRC32C', 'CRC32C', { headerDigest: true }],
  ['HeaderDigest', 'X-mine', 'Reject', {}],
  ['DataDigest', 'CRC32C', 'CRC32C', { dataDigest: true }],
  ['MaxConnections', '8', '1', {}],
  ['MaxConnections', '0', 'Reject', {}],
  ['InitialR2T', 'No', 'No', { initialR2t: false }],
  ['InitialR2T', 'Yes', 'Yes', { initialR2t: true }],
  ['InitialR2T', 'maybe', 'Reject', {}],
  ['ImmediateData', 'Yes', 'Yes', { immediateData: true }],
  ['ImmediateData', 'No', 'No', { immediateData: false }],
  ['MaxRecvDataSegmentLength', '8192', '-', { sendSegmentBytesMax: 8192 }],
  ['MaxRecvDataSegmentLength', '0x40000', '-', { sendSegmentBytesMax: 262_144 }],
  ['MaxRecvDataSegmentLength', '511', 'Reject', {}],
  ['MaxRecvDataSegmentLength', '16777216', 'Reject', {}],
  ['MaxBurstLength', '16776192', '262144', { maxBurstBytes: 262_144 }],
  ['MaxBurstLength', '65536', '65536', { maxBurstBytes: 65_536 }],
  ['MaxBurstLength', 'many', 'Reject', {}],
  ['FirstBurstLength', '512', '512', { firstBurstBytes: 512 }],
  ['DefaultTime2Wait', '0', '2', {}],
  ['DefaultTime2Wait', '20', '20', {}],
  ['DefaultTime2Retain', '20', '0', {}],
  ['MaxOutstandingR2T', '1', '1', { outstandingR2tMax: 1 }],
  ['MaxOutstandingR2T', '64', '8', { outstandingR2tMax: 8 }],
  ['DataPDUInOrder', 'No', 'Yes', {}],
  ['DataSequenceInOrder', 'Yes', 'Yes', {}],
  ['ErrorRecoveryLevel', '2', '0', {}],
  ['ErrorRecoveryLevel', '3', 'Reject', {}],
  ['TaskReporting', 'FastAbort,RFC3720', 'RFC3720', {}],
  ['iSCSIProtocolLevel', '2', '1', {}],
  ['IFMarker', 'Yes', 'No', {}],
  ['OFMarkInt', '2048~65535', 'Irrelevant', {}],
  ['X-com.example.speed', 'warp', 'NotUnderstood', {}],
  ['toString', 'x', 'NotUnderstood', {}],
];

describe('each key of RFC 7143 §13 has one result', () => {
  test.each(normal)('%s=%s is answered %s', (key, value, text, changes) => {
    const answer = text === '-' ? undefined : { key, value: text };
    expect(negotiate({ key, value }, false)).toEqual({ answer, changes });
  });

  test.each(['InitialR2T', 'MaxBurstLength', 'MaxOutstandingR2T', 'MaxConnections'])(
    '%s means nothing in a discovery session',
    (key) => {
      expect(negotiate({ key, value: '1' }, true)).toEqual({
        answer: { key, value: 'Irrelevant' },
        changes: {},
      });
    },
  );
});
