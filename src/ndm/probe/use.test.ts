import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseMountInfo } from '../../shared/mount-info.ts';
import { listSparseFiles, makeSparseFiles } from './sparse.ts';
import { worldWideName } from './sysfs.ts';
import { readUdev } from './udev.ts';
import { mountPointsOf, readLinks } from './use.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caskade-probe-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

// prettier-ignore
test.each([
  // wwid of the kernel                       as udev writes it
  ['naa.5000c500a1b2c3d4',                    '0x5000c500a1b2c3d4'],
  ['naa.6CA5CAD0123456789abcdef012345678',    '0x6ca5cad012345678'],
  ['eui.0025385b71b0f1e2',                    'eui.0025385b71b0f1e2'],
  ['nvme.1b36-deadbeef-5145-00000001',        'nvme.1b36-deadbeef-5145-00000001'],
  ['t10.ATA     QEMU HARDDISK   QM00001',     ''],
  ['',                                        ''],
] as const)('wwid %j is %j', (wwid, name) => {
  expect(worldWideName(wwid)).toBe(name);
});

test("udev's properties are read from its database; none where it does not run", async () => {
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'data/b8:16'), 'S:disk/by-id/x\nI:123\nE:ID_WWN=0x5000c5\nE:ID_MODEL=A=B\n');
  await expect(readUdev(folder, '8:16')).resolves.toEqual({ ID_WWN: '0x5000c5', ID_MODEL: 'A=B' });
  await expect(readUdev(folder, '8:32')).resolves.toEqual({});
});

test('links are found by what they point at', async () => {
  mkdirSync(join(folder, 'disk/by-id'), { recursive: true });
  for (const [name, target] of [
    ['wwn-0x5', '../../sdb'],
    ['ata-x', '../../sdb'],
    ['ata-y', '../../sdc'],
  ] as const)
    symlinkSync(target, join(folder, 'disk/by-id', name));
  const links = await readLinks(folder, 'by-id');
  expect(links.get('sdb')).toEqual(['/dev/disk/by-id/ata-x', '/dev/disk/by-id/wwn-0x5']);
  expect([...(await readLinks(folder, 'by-path')).keys()]).toEqual([]);
});

test('a device is mounted where its number or its path says so', () => {
  const mounts = parseMountInfo(
    [
      '1 0 8:1 / / rw - ext4 /dev/sda1 rw',
      '2 1 8:1 /var /chroot/var rw - ext4 /dev/sda1 rw',
      '3 1 0:44 / /pool rw - btrfs /dev/sdb rw',
    ].join('\n'),
  );
  expect(mountPointsOf(mounts, { number: '8:1', path: '/dev/sda1' })).toEqual(['/', '/chroot/var']);
  expect(mountPointsOf(mounts, { number: '8:16', path: '/dev/sdb' })).toEqual(['/pool']);
  expect(mountPointsOf(mounts, { number: '8:32', path: '/dev/sdc' })).toEqual([]);
});

test('sparse files are made once and keep what is in them', async () => {
  const options = { folder: join(folder, 'sparse'), sizeBytes: 2 ** 30, count: 2 };
  await makeSparseFiles(options);
  await makeSparseFiles({ ...options, sizeBytes: 2 ** 31, count: 3 });
  const files = await listSparseFiles(options.folder);
  expect(files.map(({ name, sizeBytes, type }) => [name, sizeBytes, type])).toEqual([
    ['0-ndm-sparse.img', 2 ** 30, 'sparse'],
    ['1-ndm-sparse.img', 2 ** 30, 'sparse'],
    ['2-ndm-sparse.img', 2 ** 31, 'sparse'],
  ]);
});
