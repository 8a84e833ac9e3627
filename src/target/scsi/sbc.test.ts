/**
 * Walks SBC-3 (SBC-4 for WRITE ATOMIC) by section: the table says what becomes of each command of §5, the tests below and in
 * sbc-*.test.ts what the offered ones do: status, sense, residual, what is on the volume afterwards. Of §4, thin provisioning
 * (§4.7), caching (§4.15) and write protection (§4.12) are met in these; protection information (§4.22) is refused wherever it
 * can be asked for; referrals, background scan and power conditions are for media that have them. The vital product data
 * and mode pages of §6 are in spc-*.test.ts.
 */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { cdbs, filled, ScsiRig, sectionsOf, sectors, told, u16, u64 } from '../../testing/scsi-rig.ts';
import { blockLimits } from './block-limits.ts';
import { commands } from './commands.ts';

let rig: ScsiRig;
beforeEach(() => {
  rig = new ScsiRig();
});

// §      | opcode | command                 | why it is not offered
const walk = sectionsOf(`
  5.2     | 89     | COMPARE AND WRITE       |
  5.3     | 04     | FORMAT UNIT             |
  5.4     | 9e/12  | GET LBA STATUS          |
  5.5     | 8b     | ORWRITE(16)             |
  5.6     | 7f     | ORWRITE(32)             | CDBs of 32 bytes are for protection information, which the checksums of the pools stand in for
  5.7     | 83/10  | POPULATE TOKEN          | token copies go between targets; a target here has one unit
  5.8     | 34     | PRE-FETCH(10)           |
  5.9     | 90     | PRE-FETCH(16)           |
  5.10    | 1e     | PREVENT ALLOW MEDIUM REMOVAL | the medium is not removable
  5.11    | 28     | READ(10)                |
  5.12    | a8     | READ(12)                |
  5.13    | 88     | READ(16)                |
  5.14    | 7f     | READ(32)                | as ORWRITE(32)
  5.15    | 25     | READ CAPACITY(10)       |
  5.16    | 9e/10  | READ CAPACITY(16)       |
  5.17    | 37     | READ DEFECT DATA(10)    |
  5.18    | b7     | READ DEFECT DATA(12)    |
  5.19    | 3e     | READ LONG(10)           | there is no ECC of sectors to read
  5.20    | 9e/11  | READ LONG(16)           | as READ LONG(10)
  5.21    | 07     | REASSIGN BLOCKS         | the pools repair and remap by themselves
  5.22    | 84/07  | RECEIVE ROD TOKEN INFORMATION | as POPULATE TOKEN
  5.23    | 9e/13  | REPORT REFERRALS        | there is one port, and all of the volume is behind it
  5.24    | 48     | SANITIZE                | overwriting in place is what a copy-on-write pool can not do; deleting the volume's key is the operator's (encryption)
  5.25    | 1b     | START STOP UNIT         |
  5.26    | 35     | SYNCHRONIZE CACHE(10)   |
  5.27    | 91     | SYNCHRONIZE CACHE(16)   |
  5.28    | 42     | UNMAP                   |
  5.29    | 2f     | VERIFY(10)              |
  5.30    | af     | VERIFY(12)              |
  5.31    | 8f     | VERIFY(16)              |
  5.32    | 7f     | VERIFY(32)              | as ORWRITE(32)
  5.33    | 2a     | WRITE(10)               |
  5.34    | aa     | WRITE(12)               |
  5.35    | 8a     | WRITE(16)               |
  5.36    | 7f     | WRITE(32)               | as ORWRITE(32)
  5.37    | 2e     | WRITE AND VERIFY(10)    |
  5.38    | ae     | WRITE AND VERIFY(12)    |
  5.39    | 8e     | WRITE AND VERIFY(16)    |
  5.40    | 7f     | WRITE AND VERIFY(32)    | as ORWRITE(32)
  5.41    | 3f     | WRITE LONG(10)          | as READ LONG(10); it would plant bad sectors
  5.42    | 9f/11  | WRITE LONG(16)          | as WRITE LONG(10)
  5.43    | 41     | WRITE SAME(10)          |
  5.44    | 93     | WRITE SAME(16)          |
  5.45    | 7f     | WRITE SAME(32)          | as ORWRITE(32)
  5.46    | 83/11  | WRITE USING TOKEN       | as POPULATE TOKEN
  5.47    | 53     | XDWRITEREAD(10)         | obsolete in SBC-4
  5.48    | 7f     | XDWRITEREAD(32)         | obsolete in SBC-4
  5.49    | 51     | XPWRITE(10)             | obsolete in SBC-4
  5.50    | 7f     | XPWRITE(32)             | obsolete in SBC-4
  4:5.48  | 9c     | WRITE ATOMIC(16)        |
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

describe.each([
  [6, 0x08, 0x0a],
  [10, 0x28, 0x2a],
  [12, 0xa8, 0xaa],
  [16, 0x88, 0x8a],
] as const)('§5.11-§5.13 READ, §5.33-§5.35 WRITE(%i)', (length, readCode, writeCode) => {
  const cdb = cdbs[length];
  test('what is written is read', async () => {
    expect(told(await rig.run(cdb(writeCode, 9, 3), { out: filled(3, 0x41) }))).toBe(0);
    const result = await rig.run(cdb(readCode, 8, 5));
    expect([result.status, result.transferBytes]).toEqual([0, 5 * 512]);
    expect(Buffer.concat([filled(1, 0), filled(3, 0x41), filled(1, 0)]).equals(result.data!)).toBe(true);
  });
  test('past the end', async () => {
    expect(told(await rig.run(cdb(readCode, sectors, 1)))).toBe('5/2100');
    expect(told(await rig.run(cdb(readCode, sectors - 1, 2)))).toBe('5/2100');
    expect(told(await rig.run(cdb(writeCode, sectors - 1, 2), { out: filled(2, 1) }))).toBe('5/2100');
    expect(told(await rig.run(cdb(readCode, sectors - 1, 1)))).toBe(0);
  });
  test('less room than the command reads: only that much is fetched, all of it is counted', async () => {
    const result = await rig.run(cdb(readCode, 0, 4), { room: 1000 });
    expect([result.data?.byteLength, result.transferBytes]).toEqual([1024, 2048]);
  });
  test('less data than the command writes: whole sectors of it are written', async () => {
    const result = await rig.run(cdb(writeCode, 0, 2), { out: filled(1, 7) });
    expect([result.status, result.transferBytes]).toEqual([0, 1024]);
    expect((await rig.bytesAt(0, 2)).equals(Buffer.concat([filled(1, 7), filled(1, 0)]))).toBe(true);
    const ragged = await rig.run(cdb(writeCode, 0, 2), { out: filled(1, 8).subarray(0, 200) });
    expect([told(ragged), ragged.transferBytes]).toEqual(['5/0e03', 1024]);
  });
  test('more data than the command writes: the rest is left', async () => {
    await rig.run(cdb(writeCode, 0, 1), { out: filled(2, 9) });
    expect((await rig.bytesAt(0, 2)).equals(Buffer.concat([filled(1, 9), filled(1, 0)]))).toBe(true);
  });
});

describe('§4.5 transfers: limits and flags', () => {
  test('a length of zero moves nothing; in 6-byte commands it means 256', async () => {
    expect((await rig.run(cdbs[10](0x28, 0, 0))).transferBytes).toBe(0);
    expect((await rig.run(cdbs[6](0x08, 0, 0), { room: 1 << 20 })).data?.byteLength).toBe(256 * 512);
    expect(told(await rig.run(cdbs[10](0x28, sectors + 1, 0)))).toBe('5/2100');
  });
  test('more than MAXIMUM TRANSFER LENGTH', async () => {
    expect(told(await rig.run(cdbs[16](0x88, 0, blockLimits.transferSectorsMax + 1)))).toBe('5/2400');
  });
  test.each([0x20, 0xa0, 0xe0])('protection 0x%i is not supported', async (flags) => {
    expect(told(await rig.run(cdbs[10](0x28, 0, 1, flags)))).toBe('5/2400');
    expect(told(await rig.run(cdbs[16](0x8a, 0, 1, flags), { out: filled(1, 1) }))).toBe('5/2400');
  });
  test('an LBA of 2^63 is past the end, not rounded into it', async () => {
    expect(told(await rig.run([0x88, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]))).toBe('5/2100');
  });
  test('whoever flushes, or writes with FUA, does so by name: what is lost is told to each initiator', async () => {
    const names: unknown[] = [];
    rig.volume.flush = async (options?: { initiator?: string }) => void names.push(options?.initiator);
    rig.volume.write = async (_offset, _data, options?: { initiator?: string }) =>
      void names.push(options?.initiator);
    await rig.run(cdbs[10](0x35, 0, 0));
    await rig.run(cdbs[10](0x2a, 0, 1, 0x08), { out: filled(1, 1) });
    await rig.run(cdbs[10](0x2e, 0, 1), { out: filled(1, 1) });
    await rig.run([0x89, 0x08, ...u64(0), 0, 0, 0, 1, 0, 0], { out: filled(2, 0) });
    await rig.run(cdbs[16](0x8b, 0, 1, 0x08), { out: filled(1, 1) });
    await rig.run([0x9c, 0x08, ...u64(0), 0, 0, ...u16(8), 0, 0], { out: filled(8, 1) });
    await rig.run([0x1b, 0, 0, 0, 0, 0]);
    expect(names).toEqual(Array.from({ length: 7 }, () => 'iqn.a:1'));
  });
  test('FUA reaches the volume', async () => {
    const seen: unknown[] = [];
    const write = rig.volume.write.bind(rig.volume);
    rig.volume.write = (offset, data, options?: { fua?: boolean }) => {
      seen.push(options?.fua);
      return write(offset, data);
    };
    await rig.run(cdbs[10](0x2a, 0, 1, 0x08), { out: filled(1, 1) });
    await rig.run(cdbs[10](0x2a, 0, 1, 0x10), { out: filled(1, 1) });
    expect(seen).toEqual([true, false]);
  });
});

test('stopping the unit flushes', async () => {
  rig.volume.failNext('busy');
  expect(told(await rig.run([0x1b, 0, 0, 0, 0, 0]))).toBe(8);
  expect(told(await rig.run([0x1b, 0, 0, 0, 1, 0]))).toBe(0);
});
