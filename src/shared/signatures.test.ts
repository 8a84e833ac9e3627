import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import {
  detectSignature,
  detectSignatures,
  poolLabelAlignBytes,
  poolLabelMagic,
  signatureHeadBytes,
  signatureTailBytes,
} from './signatures.ts';

/**
 * Head (68 KiB; LUKS 4 KiB) and tail (4 KiB) of images made by the tools themselves on Debian 12 (mkfs.*, mkswap,
 * mkisofs, mksquashfs, sgdisk, sfdisk, cryptsetup, pvcreate, make-bcache), with what `blkid -p` called each.
 */
const images = JSON.parse(
  readFileSync(new URL('testdata/signatures.json', import.meta.url), 'utf8'),
) as Record<string, { blkid: string; head: string; tail: string }>;
const unpack = (text: string): Uint8Array => new Uint8Array(gunzipSync(Buffer.from(text, 'base64')));

test.each(Object.entries(images))('%s is called what blkid calls it', (_, image) => {
  expect(detectSignature(unpack(image.head), unpack(image.tail))?.type).toBe(image.blkid);
});

/** A device of `sizeBytes` zeros with some bytes at some places (negative: from the end). */
function device(sizeBytes: number, ...parts: readonly (readonly [number, string | readonly number[]])[]) {
  const bytes = new Uint8Array(sizeBytes);
  for (const [at, part] of parts)
    bytes.set(typeof part === 'string' ? Buffer.from(part, 'latin1') : part, at < 0 ? sizeBytes + at : at);
  return [bytes.subarray(0, signatureHeadBytes), bytes.subarray(-signatureTailBytes)] as const;
}
const MiB = 1024 * 1024;
const u32le = (n: number) => [n & 255, (n >> 8) & 255, (n >> 16) & 255, (n >>> 24) & 255];
const md = u32le(0xa92b4efc);

// prettier-ignore
test.each([
  // what                             where the bytes are                                            kind             type
  ['our label at the head',           device(8 * MiB, [0, poolLabelMagic]),                          'pool',          'caskade_pool'],
  ['our label at the tail only',      device(8 * MiB, [-8192, poolLabelMagic]),                      'pool',          'caskade_pool'],
  ['our label on a tiny device',      device(64 * 1024, [-4096, poolLabelMagic]),                    'pool',          'caskade_pool'],
  ['our label, odd-sized device',     device(8 * MiB + 512, [-4096, poolLabelMagic]),                'pool',          'caskade_pool'],
  ['our label over an old ext4',      device(8 * MiB, [0, poolLabelMagic], [1080, [0x53, 0xef]]),    'pool',          'caskade_pool'],
  ['ZFS, first label',                device(8 * MiB, [132 * 1024, [0x0c, 0xb1, 0xba, 0, 0, 0, 0, 0]]), 'pool',       'zfs_member'],
  ['ZFS, last label, odd size',       device(8 * MiB + 512, [-512 - 124 * 1024, [0, 0, 0, 0, 0, 0xba, 0xb1, 0x0c]]), 'pool', 'zfs_member'],
  ['Ceph',                            device(8 * MiB, [0, 'bluestore block device\n']),              'pool',          'ceph_bluestore'],
  ['md 1.2',                          device(8 * MiB, [4096, [...md, ...u32le(1)]]),                 'raid',          'linux_raid_member'],
  ['md 1.1',                          device(8 * MiB, [0, [...md, ...u32le(1)]]),                    'raid',          'linux_raid_member'],
  ['md 1.0',                          device(8 * MiB, [-8192, [...md, ...u32le(1)]]),                'raid',          'linux_raid_member'],
  ['md 0.90',                         device(8 * MiB, [-65536, [...md, ...u32le(0), ...u32le(90)]]), 'raid',          'linux_raid_member'],
  ['Intel Matrix RAID',               device(8 * MiB, [-1024, 'Intel Raid ISM Cfg Sig. 1.0.00']),    'raid',          'isw_raid_member'],
  ['DDF',                             device(8 * MiB, [-512, [0xde, 0x11, 0xde, 0x11]]),             'raid',          'ddf_raid_member'],
  ['DRBD 9',                          device(8 * MiB, [-4036, [0x83, 0x74, 0x02, 0x6d]]),            'raid',          'drbd'],
  ['LVM label in the last place',     device(8 * MiB, [1536, 'LABELONE'], [1560, 'LVM2 001']),       'volumeManager', 'LVM2_member'],
  ['VDO',                             device(8 * MiB, [0, 'dmvdo001']),                              'volumeManager', 'vdo'],
  ['LUKS2, second header only',       device(8 * MiB, [16384, [0x53, 0x4b, 0x55, 0x4c, 0xba, 0xbe]]),'encryption',    'crypto_LUKS'],
  ['external journal of ext',         device(8 * MiB, [1080, [0x53, 0xef]], [1120, [8]]),            'filesystem',    'jbd'],
  ['swap of a 64 KiB-page machine',   device(8 * MiB, [65526, 'SWAPSPACE2']),                        'swap',          'swap'],
  ['a suspended system',              device(8 * MiB, [4086, 'S1SUSPEND']),                          'swap',          'swsuspend'],
  ['GPT, backup only',                device(8 * MiB, [-512, 'EFI PART']),                           'partitionTable','gpt'],
  ['GPT with its protective MBR',     device(8 * MiB, [512, 'EFI PART'], [510, [0x55, 0xaa]]),       'partitionTable','gpt'],
  ['GPT of 4096-byte sectors',        device(8 * MiB, [4096, 'EFI PART']),                           'partitionTable','gpt'],
  ['an empty MBR',                    device(8 * MiB, [510, [0x55, 0xaa]]),                          'partitionTable','dos'],
] as const)('%s', (_, [head, tail], kind, type) => {
  expect(detectSignature(head, tail)).toMatchObject({ kind, type });
});

test('a blank device, an empty one and ordinary text have no signature', () => {
  for (const [head, tail] of [
    device(8 * MiB),
    device(0),
    device(511),
    device(8 * MiB, [0, 'hello'.repeat(1000)]),
    device(8 * MiB, [512, 'LABELONE']),
    device(8 * MiB, [100, poolLabelMagic]),
  ])
    expect(detectSignatures(head, tail)).toEqual([]);
});

test('all layers are listed, the most telling first', () => {
  const [head, tail] = device(8 * MiB, [512, 'EFI PART'], [0, 'XFSB'], [4096, [...md, ...u32le(1)]]);
  expect(detectSignatures(head, tail).map(({ type, where }) => `${type} ${where}`)).toEqual([
    'linux_raid_member byte 4096',
    'xfs byte 0',
    'gpt byte 512',
  ]);
});

test('a label is one block long at least, so that it begins where it is looked for', () => {
  expect(poolLabelMagic).toHaveLength(16);
  expect(signatureHeadBytes % poolLabelAlignBytes).toBe(0);
  expect(signatureTailBytes % poolLabelAlignBytes).toBe(0);
});
