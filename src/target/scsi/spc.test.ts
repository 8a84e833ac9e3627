/**
 * Walks SPC-4 by section: the table says what becomes of each command of §6, the tests below and in spc-*.test.ts what the
 * offered ones do. Persistent reservations (§5.12) are walked in spc-reservations.test.ts, EXTENDED COPY (§5.17) in spc-copy.test.ts. Of §5,
 * aliases, credentials, multiple media changers, power conditions and security protocols belong to devices that have them.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { ScsiRig, sectionsOf, told, u16, u32 } from '../../testing/scsi-rig.ts';
import { commands } from './commands.ts';

let rig: ScsiRig;
beforeEach(() => {
  rig = new ScsiRig();
});
const noneOf = 'a disk of one unit has nothing of the kind';

// §      | opcode | command                     | why it is not offered
const walk = sectionsOf(`
  6.2     | a4/0b  | CHANGE ALIASES              | aliases name third parties for copies; all copies are within the unit
  6.3     | 83/1c  | COPY OPERATION ABORT        | for copies in the background; here a copy ends with its command, ABORT TASK ends it
  6.4     | 83/01  | EXTENDED COPY(LID4)         | the 8-bit list identifiers of LID1 are what initiators use
  6.5     | 83/00  | EXTENDED COPY(LID1)         |
  6.6     | 12     | INQUIRY                     |
  6.7     | 4c     | LOG SELECT                  | ${noneOf}; counters are metrics of the process
  6.8     | 4d     | LOG SENSE                   |
  6.9     | a3/10  | MANAGEMENT PROTOCOL IN      | ${noneOf}
  6.10    | a4/10  | MANAGEMENT PROTOCOL OUT     | ${noneOf}
  6.11    | 15     | MODE SELECT(6)              |
  6.12    | 55     | MODE SELECT(10)             |
  6.13    | 1a     | MODE SENSE(6)               |
  6.14    | 5a     | MODE SENSE(10)              |
  6.15    | 5e/00  | PERSISTENT RESERVE IN       |
  6.16    | 5f/00  | PERSISTENT RESERVE OUT      |
  6.17    | 8c     | READ ATTRIBUTE              | for media with a memory chip
  6.18    | 3c     | READ BUFFER                 | there is no microcode and no buffer to test
  6.19    | ab/01  | READ MEDIA SERIAL NUMBER    | the medium is not removable
  6.20    | 84/06  | RECEIVE COPY DATA(LID4)     | as EXTENDED COPY(LID4)
  6.21    | 84/01  | RECEIVE COPY DATA(LID1)     |
  6.22    | 84/04  | RECEIVE COPY FAILURE DETAILS(LID1) |
  6.23    | 84/05  | RECEIVE COPY STATUS(LID4)   | as EXTENDED COPY(LID4)
  6.24    | 84/00  | RECEIVE COPY STATUS(LID1)   |
  6.25    | 84/03  | RECEIVE COPY OPERATING PARAMETERS |
  6.26    | 7f     | RECEIVE CREDENTIAL          | ${noneOf}
  6.27    | 1c     | RECEIVE DIAGNOSTIC RESULTS  | there are no diagnostic pages
  6.28    | a4/0c  | REMOVE I_T NEXUS            | fencing is by reservations, and by the grants of the operator
  6.29    | a3/0b  | REPORT ALIASES              | as CHANGE ALIASES
  6.30    | 84/08  | REPORT ALL ROD TOKENS       | there are no tokens
  6.31    | a3/05  | REPORT IDENTIFYING INFORMATION | names are the operator's
  6.33    | a0     | REPORT LUNS                 |
  6.34    | a3/0e  | REPORT PRIORITY             | commands have no priorities
  6.35    | a3/0c  | REPORT SUPPORTED OPERATION CODES |
  6.36    | a3/0d  | REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS |
  6.37    | a3/0a  | REPORT TARGET PORT GROUPS   |
  6.38    | a3/0f  | REPORT TIMESTAMP            | nothing here depends on the time of day
  6.39    | 03     | REQUEST SENSE               |
  6.40    | a2     | SECURITY PROTOCOL IN        | ${noneOf}; volumes are encrypted by their pools
  6.41    | b5     | SECURITY PROTOCOL OUT       | as SECURITY PROTOCOL IN
  6.42    | 1d     | SEND DIAGNOSTIC             |
  6.43    | a4/06  | SET IDENTIFYING INFORMATION | as REPORT IDENTIFYING INFORMATION
  6.44    | a4/0e  | SET PRIORITY                | as REPORT PRIORITY
  6.45    | a4/0a  | SET TARGET PORT GROUPS      | asymmetric access is implicit: the one port is always optimized
  6.46    | a4/0f  | SET TIMESTAMP               | as REPORT TIMESTAMP
  6.47    | 00     | TEST UNIT READY             |
  6.48    | 8d     | WRITE ATTRIBUTE             | as READ ATTRIBUTE
  6.49    | 3b     | WRITE BUFFER                | as READ BUFFER
`);

test.each(walk)(
  '§$section $command: offered, or refused as unknown',
  async ({ opcode, action, notOffered }) => {
    const rows = commands.filter((row) => row.opcode === opcode && row.serviceAction === action);
    const outcome = rows.length > 0 ? 'offered' : String(told(await rig.run([opcode, action ?? 0])));
    const refusal = action === undefined ? /^5.2000$/ : /^5.2[04]00$/;
    expect(outcome).toMatch(notOffered === undefined ? 'offered' : refusal);
  },
);

describe('§6.35 REPORT SUPPORTED OPERATION CODES', () => {
  const report = (options: number, opcode = 0, action = 0) =>
    rig.run([0xa3, 0x0c, options, opcode, ...u16(action), ...u32(4096), 0, 0]);
  test('all of them: one descriptor per row of the table', async () => {
    const { data } = await report(0);
    expect(data!.byteLength).toBe(4 + 8 * commands.length);
    expect((await report(0x80)).data!.byteLength).toBe(4 + 20 * commands.length);
  });
  // options, opcode, service action → support byte and CDB length, or what is wrong
  test.each([
    [1, 0x28, 0, [3, 10]],
    [1, 0xee, 0, [1, 0]],
    [1, 0x9e, 0, '5/2400'],
    [2, 0x9e, 0x10, [3, 16]],
    [2, 0x9e, 0x1f, [1, 0]],
    [2, 0x28, 0, '5/2400'],
    [3, 0x28, 0, [3, 10]],
    [3, 0xa3, 0x0c, [3, 12]],
    [4, 0x28, 0, '5/2400'],
  ])('options %i, opcode %i, action %i', async (options, opcode, action, expected) => {
    const result = await report(options, opcode, action);
    expect(result.status === 0 ? [result.data![1]! & 7, result.data![3]] : told(result)).toEqual(expected);
  });
  test('the usage map of READ(10) shows DPO and FUA', async () => {
    expect((await report(1, 0x28)).data![5]! & 0x18).toBe(0x18);
  });
});

test.each([
  ['an unknown opcode', [0xc5], '5/2000'],
  ['an unknown service action', [0x9e, 0x1f], '5/2400'],
  ['NACA', [0, 0, 0, 0, 0, 4], '5/2400'],
  ['ejecting', [0x1b, 0, 0, 0, 2, 0], '5/2400'],
  ['REPORT LUNS with too little room', [0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0], '5/2400'],
])('%s is refused', async (_what, cdb, problem) => {
  expect(told(await rig.run(cdb))).toBe(problem);
});

test('every row of the command table has a CDB length that its opcode has (SPC-4 §4.2.5.1)', () => {
  const lengths = [6, 10, 10, 0, 16, 12];
  for (const { name, opcode, usage } of commands)
    expect([name, usage.byteLength]).toEqual([name, lengths[opcode >> 5]]);
});

test('§6.42 SEND DIAGNOSTIC: the default self-test reads, and says what is wrong', async () => {
  expect(told(await rig.run([0x1d, 0x04, 0, 0, 0, 0]))).toBe(0);
  rig.volume.failNext('unreadable');
  expect(told(await rig.run([0x1d, 0x04, 0, 0, 0, 0]))).toBe('3/1100');
  expect(told(await rig.run([0x1d, 0x20, 0, 0, 0, 0]))).toBe('5/2400');
});

test('§6.35.4 the time after which a command is given up is told, longer for what touches the medium', async () => {
  const most = async (opcode: number) => {
    const { data } = await rig.run([0xa3, 0x0c, 0x81, opcode, 0, 0, ...u32(64), 0, 0]);
    return new DataView(data!.buffer, data!.byteOffset + data!.byteLength - 4).getUint32(0);
  };
  expect([await most(0x28), await most(0x00)]).toEqual([60, 15]);
});
