/**
 * Walks SPC-4 by section: the table says what becomes of each command of §6, the tests below what the offered ones do.
 * Persistent reservations (§5.12) are walked in spc-reservations.test.ts, EXTENDED COPY (§5.17) in spc-copy.test.ts. Of §5,
 * aliases, credentials, multiple media changers, power conditions and security protocols belong to devices that have them.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  cdbs,
  filled,
  iqn,
  ScsiRig,
  sectionsOf,
  sectors,
  told,
  u16,
  u32,
  u64,
} from '../../testing/scsi-rig.ts';
import { VolumeError } from '../volume.ts';
import { commands } from './commands.ts';
import { identityOf } from './identity.ts';

let rig: ScsiRig;
beforeEach(() => {
  rig = new ScsiRig();
});
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('latin1');

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

describe('§6.6 INQUIRY', () => {
  const inquiry = (page: number | undefined, allocation = 255, lun = 0) =>
    rig.run([0x12, page === undefined ? 0 : 1, page ?? 0, ...u16(allocation), 0], { lun });
  test('standard data', async () => {
    const { data } = await inquiry(undefined);
    expect([data?.[0], data?.[2], data![3]! & 0xf, data?.[4], text(data?.subarray(8, 32))]).toEqual([
      0,
      6,
      2,
      91,
      'CASKADE Caskade volume  ',
    ]);
  });
  test('every page that page 0 lists exists and tells its own code and length; others do not', async () => {
    const listed = [...(await inquiry(0)).data!.subarray(4)];
    expect(listed).toEqual([0, 0x80, 0x83, 0x86, 0x8f, 0xb0, 0xb1, 0xb2]);
    for (const code of listed) {
      const { data } = await inquiry(code, 4096);
      expect([code, data?.[1], (data![2]! << 8) | data![3]!]).toEqual([code, code, data!.byteLength - 4]);
    }
    expect(told(await inquiry(0xc0))).toBe('5/2400');
    expect(told(await rig.run([0x12, 0, 0x80, 0, 255, 0]))).toBe('5/2400');
  });
  test('the identity follows from the IQN alone', () => {
    const idOf = (name: string) => {
      const { naa, serial } = identityOf(name);
      return [Buffer.from(naa).toString('hex'), serial];
    };
    const [naa = '', serial = ''] = idOf(iqn);
    expect(idOf(iqn.toUpperCase())).toEqual([naa, serial]);
    expect(idOf(`${iqn}0`)).not.toEqual([naa, serial]);
    expect([naa, serial]).toEqual([
      expect.stringMatching(/^6ca5cad[0-9a-f]{25}$/),
      expect.stringMatching(/^[0-9a-f]{20}$/),
    ]);
  });
  test('the allocation length cuts', async () => {
    expect((await inquiry(undefined, 36)).data?.byteLength).toBe(36);
    expect((await inquiry(0x83, 0)).data?.byteLength).toBe(0);
  });
  test('another LUN: nothing there, and nothing else runs', async () => {
    expect((await inquiry(undefined, 255, 3)).data?.[0]).toBe(0x7f);
    expect(told(await rig.run([0, 0, 0, 0, 0, 0], { lun: 3 }))).toBe('5/2500');
    expect(told(await rig.run(cdbs[10](0x28, 0, 1), { lun: -1 }))).toBe('5/2500');
    expect((await rig.run([0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0], { lun: 3 })).data?.byteLength).toBe(16);
    expect((await rig.run([0x03, 0, 0, 0, 18, 0], { lun: 3 })).data?.[12]).toBe(0x25);
  });
});

describe('§6.11-§6.14 MODE SELECT, MODE SENSE', () => {
  const sense6 = (page: number, control = 0) => rig.run([0x1a, 0x08, (control << 6) | page, 0, 255, 0]);
  test('the cache is on, FUA and DPO are known', async () => {
    const { data } = await sense6(0x08);
    expect([data?.[2], data?.[4], data![6]! & 0x04]).toEqual([0x10, 0x08, 0x04]);
  });
  test('all pages, long and short, with a block descriptor or without', async () => {
    const { data: six } = await rig.run([0x1a, 0, 0x3f, 0, 255, 0]);
    expect([six?.[0], six?.[3], six?.byteLength]).toEqual([six!.byteLength - 1, 8, 4 + 8 + 20 + 12]);
    const { data: ten } = await rig.run([0x5a, 0x10, 0x3f, 0, 0, 0, 0, 0, 255, 0]);
    expect([ten?.[1], ten?.[4], ten?.[7], ten?.byteLength]).toEqual([
      ten!.byteLength - 2,
      1,
      16,
      8 + 16 + 20 + 12,
    ]);
  });
  test.each([
    ['a page that does not exist', [0x1a, 0, 0x1d, 0, 255, 0], '5/2400'],
    ['a subpage', [0x1a, 0, 0x0a, 1, 255, 0], '5/2400'],
    ['saved values', [0x1a, 0, 0xca, 0, 255, 0], '5/3900'],
  ])('%s', async (_what, cdb, problem) => {
    expect(told(await rig.run(cdb))).toBe(problem);
  });

  const select = (page: Uint8Array, flags = 0x10) => {
    const out = Uint8Array.from([0, 0, 0, 0, ...page]);
    return rig.run([0x15, flags, 0, 0, out.byteLength, 0], { out });
  };
  const shown = async (page: number) => (await sense6(page)).data!.slice(4);

  test('what is shown is accepted', async () => {
    expect(told(await select(await shown(0x08)))).toBe(0);
    expect(told(await select(await shown(0x0a)))).toBe(0);
  });
  test('the cache can not be switched off', async () => {
    const page = await shown(0x08);
    page[2] = 0;
    expect(told(await select(page))).toBe('5/2600');
  });
  test('SWP protects against writes until it is cleared; others are told of the change', async () => {
    const other = rig.unit.attach('other');
    other.take();
    const page = await shown(0x0a);
    page[4] = 0x08;
    expect(told(await select(page))).toBe(0);
    expect(told(await rig.run(cdbs[10](0x2a, 0, 1), { out: filled(1, 1) }))).toBe('7/2702');
    expect(
      told(await rig.run([0x42, 0, 0, 0, 0, 0, 0, 0, 8, 0], { out: Uint8Array.of(0, 6, 0, 0, 0, 0, 0, 0) })),
    ).toBe('7/2702');
    expect((await sense6(0x0a)).data![2]! & 0x80).toBe(0x80);
    expect(told(await rig.run([0], { by: other }))).toBe('6/2a01');
    page[4] = 0;
    await select(page);
    expect(told(await rig.run(cdbs[10](0x2a, 0, 1), { out: filled(1, 1) }))).toBe(0);
  });
  test('D_SENSE changes the format of sense data', async () => {
    const page = await shown(0x0a);
    page[2]! |= 0x04;
    await select(page);
    const result = await rig.run(cdbs[16](0x88, sectors + 5, 1));
    expect([result.sense?.[0], told(result), [...result.sense!.subarray(8, 20)]]).toEqual([
      0x72,
      '5/2100',
      [0, 10, 0x80, 0, ...u64(sectors + 5)],
    ]);
  });
  test('nothing is saved; a cut list', async () => {
    const page = await shown(0x0a);
    expect(told(await select(page, 0x11))).toBe('5/2400');
    expect(told(await select(page, 0x00))).toBe('5/2400');
    expect(told(await select(page.subarray(0, 5)))).toBe('5/1a00');
  });
});

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

describe('SAM-5 §5.14 unit attentions, SPC-2 §5.5.1 RESERVE(6)', () => {
  test('a new nexus hears of the power-on once; INQUIRY, REPORT LUNS and REQUEST SENSE do not wait for that', async () => {
    const by = rig.unit.attach('new');
    expect(told(await rig.run([0x12, 0, 0, 0, 36, 0], { by }))).toBe(0);
    expect(told(await rig.run([0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0], { by }))).toBe(0);
    expect(told(await rig.run([0], { by }))).toBe('6/2900');
    expect(told(await rig.run([0], { by }))).toBe(0);
  });
  test('the same initiator port again hears that its nexus was lost', async () => {
    rig.unit.detach(rig.nexus);
    expect(told(await rig.run([0], { by: rig.unit.attach(rig.nexus.name) }))).toBe('6/2907');
  });
  test('REQUEST SENSE takes the attention as its data', async () => {
    const by = rig.unit.attach('new');
    const { data } = await rig.run([0x03, 0, 0, 0, 18, 0], { by });
    expect([data![2], data![12]]).toEqual([6, 0x29]);
    expect(told(await rig.run([0], { by }))).toBe(0);
    expect((await rig.run([0x03, 1, 0, 0, 18, 0], { by })).data![0]).toBe(0x72);
  });
  test('a resize is told to everyone, once', async () => {
    rig.volume.grow(sectors * 1024);
    const other = rig.unit.attach('later');
    other.take();
    expect(told(await rig.run([0]))).toBe('6/2a09');
    expect(told(await rig.run([0]))).toBe(0);
    expect(told(await rig.run([0], { by: other }))).toBe(0);
  });
  test('a reset is told to all, takes the place of older news, ends the reservation and the mode changes', async () => {
    const other = rig.unit.attach('other');
    await rig.run([0x16, 0, 0, 0, 0, 0]);
    rig.unit.mode = { ...rig.unit.mode, writeProtected: true };
    rig.unit.reset();
    expect([told(await rig.run([0])), told(await rig.run([0]))]).toEqual(['6/2903', 0]);
    expect([told(await rig.run([0], { by: other })), told(await rig.run([0], { by: other }))]).toEqual([
      '6/2903',
      0,
    ]);
    expect(rig.unit.mode.writeProtected).toBe(false);
  });
  test('RESERVE(6): others conflict but for four commands, until it is released or its holder is gone', async () => {
    const other = rig.unit.attach('other');
    other.take();
    const conflict = 0x18;
    await rig.run([0x16, 0, 0, 0, 0, 0]);
    for (const cdb of [[0], [0x1a, 0, 0x3f, 0, 255, 0], cdbs[10](0x28, 0, 1), [0x16]])
      expect(told(await rig.run(cdb, { by: other }))).toBe(conflict);
    for (const cdb of [
      [0x12, 0, 0, 0, 36, 0],
      [0x03, 0, 0, 0, 18, 0],
      [0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0],
      [0x17],
    ])
      expect(told(await rig.run(cdb, { by: other }))).toBe(0);
    expect(told(await rig.run([0], { by: other }))).toBe(conflict); // its RELEASE changed nothing
    await rig.run([0x17]);
    expect(told(await rig.run([0x16], { by: other }))).toBe(0);
    expect(told(await rig.run([0]))).toBe(conflict);
    rig.unit.detach(other);
    expect(told(await rig.run([0]))).toBe(0);
  });
});

describe('what the volume can not do', () => {
  test.each([
    ['busy', 8],
    ['noSpace', '7/2707'],
    ['unreadable', '3/1100'],
    ['unflushedWritesLost', '3/0c00'],
  ] as const)('%s', async (problem, outcome) => {
    rig.volume.failNext(problem);
    expect(told(await rig.run(cdbs[10](0x35, 0, 0)))).toBe(outcome);
    expect(told(await rig.run(cdbs[10](0x35, 0, 0)))).toBe(0);
  });
  test('an error that is none of the volume’s is not turned into a status', async () => {
    rig.volume.read = () => Promise.reject(new RangeError('a bug'));
    await expect(rig.run(cdbs[10](0x28, 0, 1))).rejects.toThrow(RangeError);
    expect(new VolumeError('busy', '')).toBeInstanceOf(Error);
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

describe('§6.37 REPORT TARGET PORT GROUPS', () => {
  test('one group of one port, active and optimized; INQUIRY says that it is implicit', async () => {
    const { data } = await rig.run([0xa3, 0x0a, 0, 0, 0, 0, ...u32(64), 0, 0]);
    expect([...data!]).toEqual([0, 0, 0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]);
    expect((await rig.run([0x12, 0, 0, 0, 96, 0])).data![5]! >> 4).toBe(1);
  });
  test('with the extended header, cut to the room there is, and no other format', async () => {
    expect([...(await rig.run([0xa3, 0x2a, 0, 0, 0, 0, ...u32(8), 0, 0])).data!]).toEqual([
      0, 0, 0, 16, 0x10, 0, 0, 0,
    ]);
    expect(told(await rig.run([0xa3, 0x4a, 0, 0, 0, 0, ...u32(64), 0, 0]))).toBe('5/2400');
  });
});

test('§6.35.4 the time after which a command is given up is told, longer for what touches the medium', async () => {
  const most = async (opcode: number) => {
    const { data } = await rig.run([0xa3, 0x0c, 0x81, opcode, 0, 0, ...u32(64), 0, 0]);
    return new DataView(data!.buffer, data!.byteOffset + data!.byteLength - 4).getUint32(0);
  };
  expect([await most(0x28), await most(0x00)]).toEqual([60, 15]);
});
